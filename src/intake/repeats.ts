import type { KnownInbound } from '../db/inbound.ts';
import type { InputIssue } from '../errors.ts';
import type { InboundEvent } from './inbound-event.ts';

/** What came before, by inbound id. */
export type KnownIds = Map<string, Pick<KnownInbound, 'fingerprint'> & Partial<Pick<KnownInbound, 'isOverdue'>>>;

export const usedBefore: InputIssue = { path: 'id', message: 'used before with other content' };

/**
 * An id that came before is a repeat with the same content, and a conflict with other content (spec section 2). An
 * overdue repeat is to be signalled once more: its lead applies an id once.
 */
export function compare({ parsed }: InboundEvent, known: KnownIds): 'new' | 'repeat' | 'overdue' | 'conflict' {
  const before = known.get(parsed.step.id);
  if (before === undefined) return 'new';
  if (before.fingerprint !== parsed.step.fingerprint) return 'conflict';
  return before.isOverdue ? 'overdue' : 'repeat';
}

/** Tells new events from those that came before, by the ledger and within the array. */
export function withoutRepeats(
  events: readonly InboundEvent[],
  ledger: KnownIds,
): { fresh: Set<InboundEvent>; overdue: Set<InboundEvent>; conflicts: InboundEvent[] } {
  const known: KnownIds = new Map(ledger);
  const [fresh, overdue] = [new Set<InboundEvent>(), new Set<InboundEvent>()];
  const conflicts: InboundEvent[] = [];
  for (const event of events) {
    const comparison = compare(event, known);
    if (comparison === 'conflict') conflicts.push(event);
    if (comparison === 'conflict' || comparison === 'repeat') continue;
    (comparison === 'new' ? fresh : overdue).add(event);
    known.set(event.parsed.step.id, event.parsed.step);
  }
  return { fresh, overdue, conflicts };
}
