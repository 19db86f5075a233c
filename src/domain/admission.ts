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
  /** The process that has its attempt under way ended, is dead, or is this one and does not have it. */
  isLost: boolean;
  /** How long its attempt is under way (milliseconds). */
  runningMs: number;
  endpointStatus: 'active' | 'paused';
  endpointDeleted: boolean;
  resumePhase: 'probe' | 'drain' | null;
  probeDeliveryId: string | null;
  /** Attempts that the endpoint takes beside those under way. */
  freeSlots: number;
  /** Others wait for a slot already. */
  hasQueue: boolean;
  /** Milliseconds until the endpoint's rate limit lets this one go; 0: now. */
  rateLimitWaitMs: number;
}

/**
 * Attempt number `attempt` is asked for at `now`, the workflow's time; one lasts `leaseMs` at the most (milliseconds).
 */
export interface AskedFor {
  attempt: number;
  now: number;
  leaseMs: number;
}

export type Admission =
  | { kind: 'send' }
  /** Nothing to send: this is what is recorded, or under way. */
  | { kind: 'recorded'; outcome: Outcome }
  /** To be abandoned before anything is sent. */
  | { kind: 'abandon'; reason: 'skipped' | 'endpoint_deleted' }
  | { kind: 'hold' }
  /**
   * No slot is free, or others wait for one, or the rate limit lets
   * the next one go in `waitMs` milliseconds (0: no limit in its way).
   */
  | { kind: 'queue'; waitMs: number };

/**
 * A retry may come this much early (milliseconds):
 * a workflow's clock stands still while it waits for an attempt inside its task.
 */
const earlyMs = 1_000;
/**
 * A process that lives and is away from Postgres goes on trying to
 * record an answer for this long after the lease (milliseconds).
 */
const patienceMs = 65_000;
/** An attempt that outlives its lease is asked for again after this (milliseconds). */
const recheckMs = 5_000;

/**
 * Whether an attempt may begin (spec section 5). Read and decided behind the endpoint's lock, so that no pause, resume
 * or deletion falls between.
 */
export function admit(candidate: Candidate, { attempt, now, leaseMs }: AskedFor): Admission {
  const { status } = candidate;
  if (status === 'delivered') return { kind: 'recorded', outcome: { kind: 'delivered' } };
  if (status === 'abandoned')
    return { kind: 'recorded', outcome: { kind: 'abandoned', reason: candidate.reason ?? 'skipped' } };
  const isUnderWay = status === 'delivering' && candidate.attempt === attempt;
  if (isUnderWay && !canBeRepeated(candidate, leaseMs)) {
    const recheckAfterMs = Math.max(recheckMs, leaseMs - candidate.runningMs);
    return { kind: 'recorded', outcome: { kind: 'in_flight', recheckAfterMs } };
  }
  // That attempt was made, its answer recorded, and perhaps the endpoint paused since: go on with the next number.
  if (!isUnderWay && candidate.attempt >= attempt) {
    const delayMs = status === 'retrying' ? Math.max(0, (candidate.nextAttemptAt ?? now) - now) : 0;
    return { kind: 'recorded', outcome: { kind: 'retry', delayMs } };
  }
  if (candidate.skipRequested) return { kind: 'abandon', reason: 'skipped' };
  if (candidate.endpointDeleted) return { kind: 'abandon', reason: 'endpoint_deleted' };
  if (candidate.endpointStatus === 'paused') return { kind: 'hold' };
  const isProbe = candidate.resumePhase === 'probe' && candidate.probeDeliveryId === candidate.deliveryId;
  if (candidate.resumePhase === 'probe' && !isProbe) return { kind: 'hold' };
  // It has its slot, and used up its token.
  if (isUnderWay) return { kind: 'send' };
  if (status === 'retrying' && candidate.nextAttemptAt !== null && candidate.nextAttemptAt > now + earlyMs)
    return { kind: 'recorded', outcome: { kind: 'not_due', delayMs: candidate.nextAttemptAt - now } };
  if (candidate.rateLimitWaitMs > 0) return { kind: 'queue', waitMs: candidate.rateLimitWaitMs };
  if (candidate.freeSlots <= 0 || (candidate.hasQueue && !isProbe)) return { kind: 'queue', waitMs: 0 };
  return { kind: 'send' };
}

const canBeRepeated = ({ isLost, runningMs }: Candidate, leaseMs: number): boolean =>
  isLost || runningMs > leaseMs + patienceMs;
