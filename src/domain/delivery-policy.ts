import type { AttemptOutcome, AttemptResult } from './outcome.ts';
import { retryAfterMs } from './retry-after.ts';

/** Spec section 5: no `Retry-After` delays longer than this. */
const maxRetryAfterMs = 24 * 60 * 60 * 1_000;
/** Spec section 5: ±10 %, so that deliveries that failed together do not come back together. */
const jitter = 0.1;

/** Answers of class 4xx that ask for another try: Request Timeout, Too Early, Too Many Requests. */
const retriedClientErrors: readonly number[] = [408, 425, 429];
/** Retried while two secrets are valid: a verifier that has moved too early or too late answers these. */
const authenticationErrors: readonly number[] = [401, 403];

export interface AttemptCircumstances {
  /** 1, 2, … within this run of the schedule: a recovery starts at 1 again, its header does not. */
  attempt: number;
  /** `scheduleMs[n - 1]` is waited after attempt n; so there is one attempt more than entries. */
  scheduleMs: readonly number[];
  /** When the attempt ended, epoch milliseconds. */
  now: number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** A resend is one attempt: a failure is never retried. Its reason is what it would have been abandoned for. */
  resend: boolean;
  /** A secret rotation's overlap lasts. */
  overlap: boolean;
}

/** What happens after an attempt: the outcome table of spec section 5. */
export function classify(result: AttemptResult, circumstances: AttemptCircumstances): AttemptOutcome {
  const { statusCode } = result;
  if (statusCode !== null && statusCode >= 200 && statusCode <= 299) return { kind: 'delivered' };
  if (result.error?.class === 'blocked_address') return { kind: 'abandoned', reason: 'blocked_address' };
  if (statusCode === 410) return { kind: 'abandoned', reason: 'gone' };
  if (statusCode !== null && isFinalRejection(statusCode, circumstances.overlap)) {
    return { kind: 'abandoned', reason: 'rejected' };
  }
  return retryOrGiveUp(result, circumstances);
}

function isFinalRejection(statusCode: number, overlap: boolean): boolean {
  if (statusCode < 400 || statusCode > 499) return false;
  if (retriedClientErrors.includes(statusCode)) return false;
  return !(overlap && authenticationErrors.includes(statusCode));
}

function retryOrGiveUp(
  result: AttemptResult,
  { attempt, scheduleMs, now, random, resend }: AttemptCircumstances,
): AttemptOutcome {
  const scheduled = scheduleMs[attempt - 1];
  if (resend || scheduled === undefined) return { kind: 'abandoned', reason: 'exhausted' };
  const jittered = scheduled * (1 - jitter + 2 * jitter * random());
  const asked = Math.min(retryAfterMs(result.retryAfter, now), maxRetryAfterMs);
  return { kind: 'retry', delayMs: Math.round(Math.max(jittered, asked)) };
}
