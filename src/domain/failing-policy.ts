import type { AbandonedReason, Outcome } from './outcome.ts';

/** Why an endpoint was paused by rule (spec section 5); by hand it is `manual`. */
export type AutomaticPause = 'failing' | 'consecutive_failures' | 'gone';
/** A listener whose lease is over is paused until it is back: nothing is sent, nothing lost. */
export type PausedReason = AutomaticPause | 'manual' | 'listener_lost';

/** This many deliveries in a row abandoned by the receiver's fault, without a success, pause the endpoint. */
const maxAbandonedInRow = 5;

const notTheReceiversFault: readonly AbandonedReason[] = ['skipped', 'endpoint_deleted', 'lead_erased'];

/** `skipped`, `endpoint_deleted` and `lead_erased` count for nothing. */
export const isReceiversFault = (reason: AbandonedReason): boolean => !notTheReceiversFault.includes(reason);

export interface Failing {
  outcome: Outcome;
  /** The first attempt of this delivery (of its recovery, if it is one) began then, epoch milliseconds. */
  firstAttemptAt: number;
  /** The last success that ended a failing episode; null: none ever did. */
  recoveredAt: number | null;
  abandonedInRow: number;
}

/** Whether a failed attempt pauses its endpoint, and why (spec section 5). */
export function automaticPause({
  outcome,
  firstAttemptAt,
  recoveredAt,
  abandonedInRow,
}: Failing): AutomaticPause | null {
  if (outcome.kind !== 'abandoned' || !isReceiversFault(outcome.reason)) return null;
  if (outcome.reason === 'gone') return 'gone';
  const succeededSince = recoveredAt !== null && recoveredAt > firstAttemptAt;
  if (outcome.reason === 'exhausted' && !succeededSince) return 'failing';
  return abandonedInRow >= maxAbandonedInRow ? 'consecutive_failures' : null;
}

/** The warning is for the last but one attempt of the schedule: `attempt` counts from 1 within it. */
export const isWarningDue = (outcome: Outcome, attempt: number, scheduleMs: readonly number[]): boolean =>
  outcome.kind === 'retry' && attempt === scheduleMs.length;
