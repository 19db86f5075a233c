import { omitNullish } from './omit-nullish.ts';
import type { Scores } from './lead.ts';

/** What a partner sees of the scores: integers from 1 to 10. */
export interface Spark360Scores {
  lead_integrity_score?: number;
  elevate_score?: number;
  surepay_score?: number;
}

/** SurePay's own range, unless the event brings another. */
export const defaultSurePayScale = { min: 300, max: 850 } as const;

export function spark360Scores(scores: Scores): Spark360Scores {
  return omitNullish({
    lead_integrity_score: toInteger(scores.lead_integrity_score),
    elevate_score: toInteger(scores.elevate_score),
    surepay_score: scaleSurePay(scores.surepay_score, scores.surepay_scale ?? defaultSurePayScale),
  });
}

/**
 * Linear from its own range to 1–10, clamped, halves rounded up (spec section 3). A range without a width says nothing.
 */
function scaleSurePay(score: number | undefined, { min, max }: { min: number; max: number }): number | undefined {
  if (score === undefined || !(min < max)) return undefined;
  // Multiplied before it is divided: a half that the result can hold exactly is not lost on the way.
  return toInteger(1 + (9 * (score - min)) / (max - min));
}

/**
 * To 1–10, halves up. Decimal halves have no exact binary form (0.3 on 0.1–0.5 is just below 5.5): hence the billionth.
 */
function toInteger(score: number | undefined): number | undefined {
  if (score === undefined || Number.isNaN(score)) return undefined;
  return Math.min(Math.max(Math.floor(score + 0.5 + 1e-9), 1), 10);
}
