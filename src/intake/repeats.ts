import type { KnownInbound } from '../db/inbound.ts';
import type { InputIssue } from '../errors.ts';
import type { InboundEvent } from './inbound-event.ts';

/** What came before, by inbound id. */
export type KnownIds = Map<string, Pick<KnownInbound, 'fingerprint'>>;

export const usedBefore: InputIssue = { path: 'id', message: 'used before with other content' };

/** An id that came before is a repeat with the same content, and a conflict with other content (spec section 2). */
export function compare({ parsed }: InboundEvent, known: KnownIds): 'new' | 'repeat' | 'conflict' {
  const before = known.get(parsed.step.id)?.fingerprint;
  if (before === undefined) return 'new';
  return before === parsed.step.fingerprint ? 'repeat' : 'conflict';
}

/** Tells new events from those that came before, by the ledger and within the array. */
export function withoutRepeats(
  events: readonly InboundEvent[],
  ledger: KnownIds,
): { fresh: Set<InboundEvent>; conflicts: InboundEvent[] } {
  const known: KnownIds = new Map(ledger);
  const fresh = new Set<InboundEvent>();
  const conflicts: InboundEvent[] = [];
  for (const event of events) {
    const comparison = compare(event, known);
    if (comparison === 'conflict') conflicts.push(event);
    if (comparison !== 'new') continue;
    fresh.add(event);
    known.set(event.parsed.step.id, event.parsed.step);
  }
  return { fresh, conflicts };
}
