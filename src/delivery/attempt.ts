import { randomUUID } from 'node:crypto';
import type { Sendable } from '../db/sendable.ts';
import { classify } from '../domain/delivery-policy.ts';
import { isWarningDue } from '../domain/failing-policy.ts';
import type { DeliveryReport } from '../domain/lanes.ts';
import type { Outcome } from '../domain/outcome.ts';
import { signedHeaders } from '../webhooks/sign.ts';
import { signingSecrets } from '../webhooks/signing-secrets.ts';
import type { DeliveryParts } from './parts.ts';
import { retryUntilRecorded } from './retry-until-recorded.ts';

/** When an attempt was allowed. */
export interface Permission {
  /** Epoch milliseconds, by the clock of the workflow or of Postgres: due times count from it. */
  now: number;
  /** By the freeze detector, before it was decided that this attempt may be made. */
  permittedAt: number;
}

/**
 * One attempt, whose row says already that it is under way: sign, send, classify, record, draw the consequences. Gives the
 * outcome that stands, which is another one than the answer's when the delivery was settled before it was recorded. Throws
 * only when our own infrastructure is broken: then nothing is recorded, no attempt is used up, and the same bytes go again.
 */
export async function attempt(
  parts: DeliveryParts,
  delivery: Sendable,
  { now, permittedAt }: Permission,
): Promise<DeliveryReport> {
  const { deliveryId, endpointId, attempt: number } = delivery;
  const startedAt = new Date();
  const beganAt = performance.now();
  const attemptId = randomUUID();
  const secrets = signingSecrets(parts.keyRing, delivery, startedAt.getTime());
  const headers = signedHeaders({ ...delivery, attemptId, secrets, ...sentAs(delivery, startedAt) });
  // Another process may have taken over while this one was frozen: the permission is asked for again.
  if (parts.freezeDetector.wasFrozenSince(permittedAt)) throw new Error(`frozen before delivery ${deliveryId}`);
  const result = await parts.send({ endpointId, url: delivery.url, headers, body: delivery.body });
  parts.speed.learn(endpointId, result.durationMs);
  const classified = classify(result, {
    attempt: number - delivery.attemptsBefore,
    scheduleMs: parts.retryScheduleMs,
    now: startedAt.getTime() + result.durationMs,
    random: Math.random,
    resend: false,
    overlap: secrets.next !== null,
  });
  const recorded = await retryUntilRecorded(() =>
    parts.attempts.record({
      attemptId,
      deliveryId,
      endpointId,
      number,
      ageMs: performance.now() - beganAt,
      result,
      outcome: classified,
      nextAttemptAt: classified.kind === 'retry' ? now + Math.round(result.durationMs) + classified.delayMs : null,
    }),
  );
  const { outcome, hasQueue, isProbe } = recorded;
  parts.observe({ delivery, number, attemptId, startedAt, result, outcome });
  if (hasQueue) parts.queue.dispatchSoon(endpointId);
  if (isProbe) parts.inFlight.follow(parts.reportProbe(endpointId, deliveryId, outcome));
  return retryUntilRecorded(() => withConsequences(parts, delivery, number, outcome));
}

const sentAs = ({ recovering }: Sendable, startedAt: Date) => ({
  resend: recovering,
  timestampSeconds: Math.floor(startedAt.getTime() / 1000),
});

/**
 * What an outcome means beyond its delivery: the endpoint may be paused by it, mails may be due (spec section 5). Drawn from
 * what is recorded, so that after a crash they are drawn again, and are the same.
 */
export async function withConsequences(
  parts: Pick<DeliveryParts, 'endpointStatus' | 'retryScheduleMs' | 'mutex'>,
  delivery: Pick<Sendable, 'deliveryId' | 'endpointId' | 'attemptsBefore'>,
  number: number,
  outcome: Outcome,
): Promise<DeliveryReport> {
  const { deliveryId, endpointId } = delivery;
  const report = { deliveryId, endpointId, attempt: number, outcome, notices: [] };
  if (outcome.kind !== 'retry' && outcome.kind !== 'abandoned') return report;
  const consequence = await parts.mutex.run(endpointId, () =>
    parts.endpointStatus.afterFailure(endpointId, deliveryId, outcome),
  );
  // The endpoint is deleted: what was to be retried is abandoned.
  if (consequence === null) {
    return outcome.kind === 'retry'
      ? { ...report, outcome: { kind: 'abandoned', reason: 'endpoint_deleted' } }
      : report;
  }
  const { organizationId, episode, paused } = consequence;
  const known = { organizationId, endpointId, episode, deliveryId, attempt: number };
  const isWarning = isWarningDue(outcome, number - delivery.attemptsBefore, parts.retryScheduleMs);
  return {
    ...report,
    notices: [
      ...(isWarning ? [{ ...known, kind: 'warning' as const }] : []),
      ...(paused !== null ? [{ ...known, kind: 'paused' as const, pausedReason: paused }] : []),
    ],
  };
}
