import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Attempts } from '../src/db/attempts.ts';
import type { EndpointStatus } from '../src/db/endpoint-status.ts';
import type { Sendable } from '../src/db/sendable.ts';
import { classify } from '../src/domain/delivery-policy.ts';
import { isWarningDue } from '../src/domain/failing-policy.ts';
import type { Notice } from '../src/domain/notice.ts';
import type { AttemptResult, Outcome } from '../src/domain/outcome.ts';
import type { KeyRing } from '../src/crypto/key-ring.ts';
import { signedHeaders } from '../src/webhooks/sign.ts';
import { signingSecrets } from '../src/webhooks/signing-secrets.ts';
import type { EndpointHealth } from './endpoint-health.ts';
import type { Pulse } from './pulse.ts';
import type { Turns } from './turns.ts';

export interface AttemptParts {
  attempts: Pick<Attempts, 'record'>;
  endpointStatus: Pick<EndpointStatus, 'afterFailure'>;
  keyRing: KeyRing;
  send: (request: { url: string; headers: Record<string, string>; body: string }) => Promise<AttemptResult>;
  health: EndpointHealth;
  turns: Turns;
  pulse: Pulse;
  retryScheduleMs: readonly number[];
  /** Called once per attempt, after it is recorded. */
  observe: (attempt: ObservedAttempt) => void;
}

/** What a workflow has to know, and to do, after an attempt. */
export interface AttemptReport {
  outcome: Outcome;
  /** Mails that this outcome calls for; the workflow orders them, so that no crash loses one. */
  notices: Notice[];
}

export interface ObservedAttempt {
  delivery: Sendable;
  number: number;
  attemptId: string;
  startedAt: Date;
  result: AttemptResult;
  outcome: Outcome;
}

/** How long an answer that we have is kept in memory for a database that is away (milliseconds). */
export const recordingPatienceMs = 60_000;

/** What the partner answered is worth waiting for: giving up means sending again. */
export async function persistently<Result>(record: () => Promise<Result>): Promise<Result> {
  const giveUpAt = performance.now() + recordingPatienceMs;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      return await record();
    } catch (error) {
      if (performance.now() + pauseMs > giveUpAt) throw error;
      await wait(pauseMs);
    }
  }
}

/**
 * One attempt: sign, send, classify, record, draw the consequences. Gives the outcome that stands, which is another one than the answer's when the
 * delivery was settled meanwhile. Throws only when our own infrastructure is broken: then nothing is recorded, no attempt is
 * used up, and the same bytes go again under the same `event_id`.
 * @param workflowNow the workflow's time when the attempt was scheduled, epoch milliseconds: due times count from it
 * @param permittedAt by the pulse, before it was decided that this attempt may be made
 */
export async function attemptDelivery(
  parts: AttemptParts,
  delivery: Sendable,
  number: number,
  workflowNow: number,
  permittedAt: number,
): Promise<AttemptReport> {
  const startedAt = new Date();
  const beganAt = performance.now();
  const attemptId = randomUUID();
  const secrets = signingSecrets(parts.keyRing, delivery, startedAt.getTime());
  const headers = signedHeaders({
    body: delivery.body,
    eventId: delivery.eventId,
    event: delivery.event,
    deliveryId: delivery.deliveryId,
    attempt: number,
    attemptId,
    sequence: delivery.sequence,
    secrets,
    timestampSeconds: Math.floor(startedAt.getTime() / 1000),
    resend: delivery.recovering,
  });
  // Others may have gone on without us: the permission is asked for again. What is left is a standstill from here on.
  if (parts.pulse.hasStoodStillSince(permittedAt))
    throw new Error(`stood still before delivery ${delivery.deliveryId}`);
  const result = await parts.health.track(delivery.endpointId, () =>
    parts.send({ url: delivery.url, headers, body: delivery.body }),
  );
  const classified = classify(result, {
    attempt: number - delivery.attemptsBefore,
    scheduleMs: parts.retryScheduleMs,
    now: startedAt.getTime() + result.durationMs,
    random: Math.random,
    resend: false,
    overlap: secrets.next !== null,
  });
  const outcome = await persistently(() =>
    parts.attempts.record(
      {
        attemptId,
        deliveryId: delivery.deliveryId,
        number,
        ageMs: performance.now() - beganAt,
        result,
        outcome: classified,
        nextAttemptAt:
          classified.kind === 'retry' ? workflowNow + Math.round(result.durationMs) + classified.delayMs : null,
      },
      delivery.endpointId,
    ),
  );
  parts.observe({ delivery, number, attemptId, startedAt, result, outcome });
  return persistently(() => withConsequences(parts, delivery, number, outcome));
}

/**
 * What an outcome means beyond its delivery: the endpoint may be paused by it, mails may be due (spec section 5). Drawn from
 * what is recorded, so that after a crash they are drawn again, and are the same.
 */
export async function withConsequences(
  parts: Pick<AttemptParts, 'endpointStatus' | 'retryScheduleMs' | 'turns'>,
  delivery: Pick<Sendable, 'deliveryId' | 'endpointId' | 'attemptsBefore'>,
  number: number,
  outcome: Outcome,
): Promise<AttemptReport> {
  if (outcome.kind !== 'retry' && outcome.kind !== 'abandoned') return { outcome, notices: [] };
  const { deliveryId, endpointId } = delivery;
  const consequence = await parts.turns.take(endpointId, () =>
    parts.endpointStatus.afterFailure(endpointId, deliveryId, outcome),
  );
  // Deleted meanwhile: nobody waits for a retry.
  if (consequence === null) {
    return {
      outcome: outcome.kind === 'retry' ? { kind: 'abandoned', reason: 'endpoint_deleted' } : outcome,
      notices: [],
    };
  }
  const { organizationId, episode, paused } = consequence;
  const known = { organizationId, endpointId, episode, deliveryId, attempt: number };
  const isWarning = isWarningDue(outcome, number - delivery.attemptsBefore, parts.retryScheduleMs);
  return {
    outcome,
    notices: [
      ...(isWarning ? [{ ...known, kind: 'warning' as const }] : []),
      ...(paused !== null ? [{ ...known, kind: 'paused' as const, pausedReason: paused }] : []),
    ],
  };
}
