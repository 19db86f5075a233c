import { omitNullish } from './omit-nullish.ts';
import type { Hack, Insights } from './lead.ts';

export interface SalesHacks {
  sales_hacks: string[];
  elevate_hack?: string;
  surepay_hack?: string;
}

const maxSalesHacks = 2;

/**
 * The texts of the two highest-scoring actionable hacks, best first, on a tie the earlier one first, `[]` when there
 * are none; the elevate and the SurePay hack when available (spec section 3).
 */
export function salesHacks({ hacks = [], elevate_hack, surepay_hack }: Insights): SalesHacks {
  return {
    sales_hacks: hacks
      .filter((hack) => hack.actionable)
      .sort(byScore)
      .slice(0, maxSalesHacks)
      .map((hack) => hack.text),
    ...omitNullish({ elevate_hack: elevate_hack?.text, surepay_hack: surepay_hack?.text }),
  };
}

/** The sort is stable, so equals keep their order. A hack without a score comes after all that have one. */
function byScore(a: Hack, b: Hack): number {
  if (a.score === b.score) return 0;
  if (a.score === undefined) return 1;
  if (b.score === undefined) return -1;
  return b.score - a.score;
}
