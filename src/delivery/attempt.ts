import { randomUUID } from 'node:crypto';
import type { KeyRing } from '../crypto/key-ring.ts';
import type { Attempts } from '../db/attempts.ts';
import type { EndpointStatus } from '../db/endpoint-status.ts';
import type { Sendable } from '../db/sendable.ts';
import { isExpired, type Moment } from '../db/workers.ts';
import { classify } from '../domain/delivery-policy.ts';
import { isWarningDue } from '../domain/failing-policy.ts';
import type { DeliveryReport } from '../domain/lanes.ts';
import { noticesOf } from '../domain/notice.ts';
import type { AttemptOutcome, AttemptResult, Outcome } from '../domain/outcome.ts';
import type { SendRequest } from '../webhooks/send.ts';
import { signedHeaders } from '../webhooks/sign.ts';
import { signingSecrets } from '../webhooks/signing-secrets.ts';
import type { EndpointQueue } from './endpoint-queue.ts';
import type { EndpointSpeed } from './endpoint-speed.ts';
import type { InFlight } from './in-flight.ts';
import { retryUntilRecorded } from './outcomes.ts';

export interface ObservedAttempt {
  delivery: Sendable;
  number: number;
  attemptId: string;
  startedAt: Date;
  result: AttemptResult;
  outcome: AttemptOutcome;
}

export interface AttemptDeps {
  attempts: Pick<Attempts, 'record'>;
  endpointStatus: Pick<EndpointStatus, 'afterFailure'>;
  keyRing: KeyRing;
  send: (request: SendRequest & { endpointId: string }) => Promise<AttemptResult>;
  speed: Pick<EndpointSpeed, 'learn'>;
  inFlight: Pick<InFlight, 'follow'>;
  queue: Pick<EndpointQueue, 'dispatchSoon'>;
  /** Tells an endpoint's workflow how the delivery that goes first after its resume fared. */
  reportProbe: (endpointId: string, deliveryId: string, outcome: AttemptOutcome) => Promise<void>;
  retryScheduleMs: readonly number[];
  /** Called once per attempt, after it is recorded. */
  observe: (attempt: ObservedAttempt) => void;
}

/** When an attempt was allowed. */
export interface Permission {
  /** Epoch milliseconds, by the clock of the workflow or of Postgres: due times count from it. */
  now: number;
  permittedAt: Moment;
}

/**
 * One attempt, whose row says already that it is under way: sign, send, classify, record, draw the consequences. Gives
 * the outcome that stands, which is another one than the answer's when the delivery was settled before it was recorded.
 * Throws only when our own infrastructure is broken: then nothing is recorded, no attempt is used up, and the same
 * bytes go again.
 */
export async function attempt(
  deps: AttemptDeps,
  delivery: Sendable,
  { now, permittedAt }: Permission,
): Promise<DeliveryReport> {
  const { deliveryId, endpointId, attempt: number } = delivery;
  // Another process may have taken over while this one was frozen: the permission is asked for again.
  if (isExpired(permittedAt)) throw new Error(`the permission to send delivery ${deliveryId} has expired`);
  const { attemptId, startedAt, ageMs, result, overlap } = await send(deps, delivery);
  deps.speed.learn(endpointId, result.durationMs);
  const classified = classify(result, {
    attempt: number - delivery.attemptsBefore,
    scheduleMs: deps.retryScheduleMs,
    now: startedAt.getTime() + result.durationMs,
    random: Math.random,
    resend: false,
    overlap,
  });
  const nextAttemptAt = classified.kind === 'retry' ? now + Math.round(result.durationMs) + classified.delayMs : null;
  const known = { attemptId, deliveryId, endpointId, number, result, outcome: classified, nextAttemptAt };
  const recorded = await retryUntilRecorded(() => deps.attempts.record({ ...known, ageMs: ageMs() }));
  const { outcome, hasQueue, isProbe } = recorded;
  deps.observe({ delivery, number, attemptId, startedAt, result, outcome });
  if (hasQueue) deps.queue.dispatchSoon(endpointId);
  if (isProbe) deps.inFlight.follow(deps.reportProbe(endpointId, deliveryId, outcome));
  return retryUntilRecorded(() => withConsequences(deps, delivery, number, outcome));
}

/**
 * Signs a delivery's bytes and sends them. `overlap`: with two secrets;
 * `ageMs`: how long ago it began, by the steady clock.
 */
export async function send(deps: Pick<AttemptDeps, 'keyRing' | 'send'>, delivery: Sendable) {
  const [attemptId, startedAt, beganAt] = [randomUUID(), new Date(), performance.now()];
  const secrets = signingSecrets(deps.keyRing, delivery, startedAt.getTime());
  const timestampSeconds = Math.floor(startedAt.getTime() / 1000);
  const headers = signedHeaders({ ...delivery, attemptId, secrets, timestampSeconds, resend: delivery.recovering });
  const { endpointId, url, body } = delivery;
  const result = await deps.send({ endpointId, url, headers, body });
  return { attemptId, startedAt, result, overlap: secrets.next !== null, ageMs: () => performance.now() - beganAt };
}

/**
 * What an outcome means beyond its delivery: the endpoint may be paused by it, mails may be due (spec section 5). Drawn
 * from what is recorded, so that after a crash they are drawn again, and are the same.
 */
export async function withConsequences(
  { endpointStatus, retryScheduleMs }: Pick<AttemptDeps, 'endpointStatus' | 'retryScheduleMs'>,
  { deliveryId, endpointId, attemptsBefore }: Pick<Sendable, 'deliveryId' | 'endpointId' | 'attemptsBefore'>,
  number: number,
  outcome: Outcome,
): Promise<DeliveryReport> {
  const report = { deliveryId, endpointId, attempt: number, outcome, notices: [] };
  if (outcome.kind !== 'retry' && outcome.kind !== 'abandoned') return report;
  const consequence = await endpointStatus.afterFailure(endpointId, deliveryId, outcome);
  // The endpoint is deleted: what was to be retried is abandoned.
  if (consequence === null) {
    return outcome.kind === 'retry'
      ? { ...report, outcome: { kind: 'abandoned', reason: 'endpoint_deleted' } }
      : report;
  }
  const isWarning = isWarningDue(outcome, number - attemptsBefore, retryScheduleMs);
  const { organizationId, episode, paused } = consequence;
  const failure = { organizationId, endpointId, episode, deliveryId, attempt: number };
  return { ...report, notices: noticesOf(failure, { isWarning, paused }) };
}
