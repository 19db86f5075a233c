import type { PausedReason } from './failing-policy.ts';
import type { DeliveryStatus } from './outcome.ts';

export const waitingReasons = [
  'earlier_delivery',
  'retry',
  'endpoint_paused',
  'resume_probe',
  'slot',
  'rate_limit',
] as const;

/** Why an unsettled delivery has not gone, as the API writes it (spec section 7). */
export interface WaitingFor {
  reason: (typeof waitingReasons)[number];
  /** The delivery it waits for. */
  delivery_id?: string;
  /** ISO 8601. */
  until?: string;
  /** The number of the next attempt, and of the last one by the schedule, where the sentence names them. */
  attempt?: number;
  attempts?: number;
  /** Plain English, without personal data. */
  sentence: string;
}

/** What is known of a delivery that may wait. Times are epoch milliseconds. */
export interface WaitingFacts {
  deliveryId: string;
  status: DeliveryStatus;
  /** The number of its next attempt. */
  attempt: number;
  /** Attempts before its recovery: the schedule started anew, the numbers went on. */
  attemptsBefore: number;
  nextAttemptAt: number | null;
  /**
   * As many attempts were under way at the endpoint as it takes,
   * or its rate limit was used up: it is in the endpoint's queue.
   */
  isQueued: boolean;
  /** The unsettled delivery before it in its lane. */
  earlier: { deliveryId: string; event: string; sequence: number } | null;
  endpoint: {
    /** Null: it is not paused. `unknown`: it is, or lets another delivery go first after its resume. */
    pausedReason: PausedReason | 'unknown' | null;
    /** After a resume one delivery goes first (`probe`), then what was held goes out at a bounded rate (`drain`). */
    resumePhase: 'probe' | 'drain' | null;
    probeDeliveryId: string | null;
    /** Null: it has no rate limit, or the limit lets the next attempt go. */
    rateLimitedUntil: number | null;
  };
}

/** The present moment, epoch milliseconds, and how many attempts the schedule allows; null: not known. */
export interface WaitingCircumstances {
  now: number;
  attempts: number | null;
}

/** Why a delivery has not gone; null when it is under way or settled (spec section 7). */
export function waitingFor(facts: WaitingFacts, { now, attempts }: WaitingCircumstances): WaitingFor | null {
  const { status, earlier, endpoint, nextAttemptAt } = facts;
  const last = attempts === null ? {} : { attempts: facts.attemptsBefore + attempts };
  const numbers = { attempt: facts.attempt, ...last };
  const nextAttempt = `Attempt ${facts.attempt}${last.attempts === undefined ? '' : ` of ${last.attempts}`}`;
  if (status === 'delivering' || status === 'delivered' || status === 'abandoned') return null;
  if (endpoint.pausedReason !== null) return paused(endpoint.pausedReason);
  if (earlier !== null) return behind(earlier);
  if (endpoint.resumePhase === 'probe' && endpoint.probeDeliveryId !== facts.deliveryId)
    return behindProbe(endpoint.probeDeliveryId);
  if (nextAttemptAt !== null && nextAttemptAt > now)
    return { ...until('retry', nextAttemptAt, `${nextAttempt} goes out at ${utc(nextAttemptAt)}.`), ...numbers };
  if (facts.isQueued) return queued(endpoint.rateLimitedUntil, now);
  if (status === 'held' && endpoint.resumePhase === 'drain')
    return {
      reason: 'rate_limit',
      sentence: 'The endpoint was resumed: what was held there goes out at a bounded rate.',
    };
  return { reason: 'slot', ...numbers, sentence: `${nextAttempt} is due: it goes out as soon as a worker is free.` };
}

const pauses: Record<PausedReason, string> = {
  manual: 'by hand',
  failing: 'after a delivery failed for the last time',
  consecutive_failures: 'after five deliveries in a row were abandoned',
  gone: 'after it answered 410 Gone',
  listener_lost: 'when its listener was gone',
};

const paused = (reason: PausedReason | 'unknown'): WaitingFor => ({
  reason: 'endpoint_paused',
  sentence:
    reason === 'unknown'
      ? 'Held: the endpoint is paused, or another delivery goes first after its resume.'
      : `Held: the endpoint was paused ${pauses[reason]}. What is held goes out in order once it is resumed.`,
});

const behind = ({ deliveryId, event, sequence }: NonNullable<WaitingFacts['earlier']>): WaitingFor => ({
  reason: 'earlier_delivery',
  delivery_id: deliveryId,
  sentence: `Goes out right after ${event}, sequence ${sequence}, is delivered or abandoned.`,
});

const behindProbe = (probeDeliveryId: string | null): WaitingFor => ({
  reason: 'resume_probe',
  ...(probeDeliveryId !== null && { delivery_id: probeDeliveryId }),
  sentence: 'Held: after the resume one delivery goes first, and the others follow when it is delivered.',
});

const queued = (rateLimitedUntil: number | null, now: number): WaitingFor =>
  rateLimitedUntil !== null && rateLimitedUntil > now
    ? until('rate_limit', rateLimitedUntil, "Queued: the endpoint's rate limit is used up.")
    : { reason: 'slot', sentence: 'Queued: as many attempts are under way as the endpoint takes at a time.' };

const until = (reason: WaitingFor['reason'], time: number, sentence: string): WaitingFor => ({
  reason,
  until: new Date(time).toISOString(),
  sentence,
});

/** In a row of moments, as `utc` writes them: the clock alone where the day is that of the moment `before`. */
export function utcAfter(time: number, before: number): string {
  const [day, clock] = new Date(time).toISOString().slice(0, 19).split('T');
  return new Date(before).toISOString().startsWith(`${day}T`) ? `${clock}` : `${day} ${clock}`;
}

/** `2026-11-20 14:02:07 UTC`: readers are in more than one time zone. */
export const utc = (time: number): string => `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
