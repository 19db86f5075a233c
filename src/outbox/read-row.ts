import type { DeadLetterReason, OutboxRow } from '../db/outbox.ts';
import { type InputIssue, InvalidEventError } from '../errors.ts';
import { type InboundEvent, readEvent } from '../intake/inbound-event.ts';
import { maxEventBytes } from '../schemas/inbound.ts';

export type ReadRow =
  | { kind: 'event'; row: OutboxRow; event: InboundEvent }
  | { kind: 'dead_letter'; row: OutboxRow; reason: DeadLetterReason; issues: readonly InputIssue[] }
  /** A defect of ours: nothing says that the row is wrong. */
  | { kind: 'unreadable'; row: OutboxRow; error: unknown };

const tooLarge: InputIssue = { path: '$', message: `expected at most ${maxEventBytes} bytes` };

/** Validates what the backend wrote, as the other ways in do (spec section 2). */
export function readRow(row: OutboxRow): ReadRow {
  if (row.isTooLarge) return { kind: 'dead_letter', row, reason: 'malformed', issues: [tooLarge] };
  try {
    return { kind: 'event', row, event: readEvent(row.event) };
  } catch (error) {
    if (!(error instanceof InvalidEventError)) return { kind: 'unreadable', row, error };
    return { kind: 'dead_letter', row, reason: 'malformed', issues: error.issues };
  }
}
