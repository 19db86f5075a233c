import type { AbandonedReason, DeliveryStatus, Outcome } from './outcome.ts';

/** A delivery and its endpoint as they are when an attempt asks to begin. Times are epoch milliseconds. */
export interface Candidate {
  deliveryId: string;
  status: DeliveryStatus;
  reason: AbandonedReason | null;
  /** The last attempt begun. */
  attempt: number;
  nextAttemptAt: number | null;
  skipRequested: boolean;
  endpointStatus: 'active' | 'paused';
  endpointDeleted: boolean;
  resumePhase: 'probe' | 'drain' | null;
  probeDeliveryId: string | null;
  /** Attempts under way at the endpoint, with the places that are kept for others, and how many it takes. */
  inFlight: number;
  maxInFlight: number;
  /** Milliseconds until the endpoint's rate limit lets this one go; 0: now. */
  pacedMs: number;
  /** The process asking has this attempt under way, or the one that had it cannot have it any more. */
  ownedOrLost: boolean;
}

export type Admission =
  | { kind: 'send' }
  /** Nothing to send: this is what is recorded already. */
  | { kind: 'recorded'; outcome: Outcome }
  /** Under way in another process, which may be alive. */
  | { kind: 'elsewhere' }
  /** To be abandoned before anything is sent. */
  | { kind: 'abandon'; reason: 'skipped' | 'endpoint_deleted' }
  | { kind: 'hold' }
  /** As many are under way as the endpoint takes. */
  | { kind: 'wait' }
  /** Its rate limit lets the next one go in `inMs` milliseconds. */
  | { kind: 'paced'; inMs: number };

/** So much early a retry may come (milliseconds): a workflow's clock stands still while it waits for an attempt inside its task. */
const earlyMs = 1_000;

/**
 * Whether attempt number `attempt` may begin (spec section 5). Read and decided behind the endpoint's lock, so that no pause,
 * resume or deletion falls between.
 */
export function admit(candidate: Candidate, attempt: number, now: number): Admission {
  const { status } = candidate;
  if (status === 'delivered') return { kind: 'recorded', outcome: { kind: 'delivered' } };
  if (status === 'abandoned') {
    return { kind: 'recorded', outcome: { kind: 'abandoned', reason: candidate.reason ?? 'skipped' } };
  }
  const isLost = status === 'delivering' && candidate.attempt === attempt;
  if (isLost && !candidate.ownedOrLost) return { kind: 'elsewhere' };
  // That attempt was made, its answer recorded, and perhaps the endpoint paused since: go on with the next number.
  if (!isLost && candidate.attempt >= attempt) {
    const delayMs = status === 'retrying' ? Math.max(0, (candidate.nextAttemptAt ?? now) - now) : 0;
    return { kind: 'recorded', outcome: { kind: 'retry', delayMs } };
  }
  if (candidate.skipRequested) return { kind: 'abandon', reason: 'skipped' };
  if (candidate.endpointDeleted) return { kind: 'abandon', reason: 'endpoint_deleted' };
  if (candidate.endpointStatus === 'paused') return { kind: 'hold' };
  if (candidate.resumePhase === 'probe' && candidate.probeDeliveryId !== candidate.deliveryId) return { kind: 'hold' };
  if (isLost) return { kind: 'send' };
  if (status === 'retrying' && candidate.nextAttemptAt !== null && candidate.nextAttemptAt > now + earlyMs) {
    return { kind: 'recorded', outcome: { kind: 'waiting', lookAgainMs: candidate.nextAttemptAt - now } };
  }
  if (candidate.inFlight >= candidate.maxInFlight) return { kind: 'wait' };
  if (candidate.pacedMs > 0) return { kind: 'paced', inMs: candidate.pacedMs };
  return { kind: 'send' };
}
