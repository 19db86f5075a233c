import type { LeadFacts } from './lead.ts';

/** When each leaf's value was said: epoch milliseconds by the leaf's path, `address.zip`. */
export type Stamps = Record<string, number>;

/**
 * Source tracking and widget are those of the earliest event that names them: the one that captured
 * the lead (spec section 2).
 */
const earliestWins: ReadonlySet<string> = new Set([
  'source_tracking.source',
  'source_tracking.version',
  'widget_reference_id',
]);

/**
 * Adds what one step says, at `occurredAt`, to what is known (spec section 2): per leaf the newest value wins, on a tie
 * the one that arrived later; arrays count as one value; what the step leaves out stays. For the leaves of
 * `earliestWins` it is the other way round. Order of arrival makes no difference where times differ. Arguments are not
 * changed.
 */
export function mergeFacts(
  facts: LeadFacts,
  stamps: Stamps,
  said: LeadFacts,
  occurredAt: number,
): { facts: LeadFacts; stamps: Stamps } {
  const merged: Stamps = { ...stamps };
  return { facts: mergeGroup('', { ...facts }, { ...said }, merged, occurredAt), stamps: merged };
}

type Group = Record<string, unknown>;

/** Gives a merged copy of `known`; notes the stamps of the values taken in `stamps`, which is the caller's own. */
function mergeGroup(prefix: string, known: Group, said: Group, stamps: Stamps, occurredAt: number): Group {
  const merged: Group = { ...known };
  for (const [key, value] of Object.entries(said)) {
    const path = prefix + key;
    if (isGroup(value)) {
      const before = merged[key];
      merged[key] = mergeGroup(`${path}.`, isGroup(before) ? before : {}, value, stamps, occurredAt);
    } else if (value !== undefined && value !== null && wins(path, occurredAt, stamps[path])) {
      merged[key] = value;
      stamps[path] = occurredAt;
    }
  }
  return merged;
}

function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wins(path: string, occurredAt: number, known: number | undefined): boolean {
  if (known === undefined) return true;
  return earliestWins.has(path) ? occurredAt < known : occurredAt >= known;
}
