import type { EventsClient } from '../client.ts';
import type { DeadLetterReason, OutboxRow, RowResult } from '../db/outbox.ts';
import type { InputIssue } from '../errors.ts';
import type { InboundEvent } from '../intake/inbound-event.ts';
import { type Ledger, recordConflicts } from '../intake/ledger.ts';
import { compare, type KnownIds, usedBefore } from '../intake/repeats.ts';
import { type OrganizationLookups, organizationUnknown, WidgetOrganizations } from '../intake/widget-organizations.ts';
import { backoffMs } from './backoff.ts';
import type { ReadRow } from './read-row.ts';

const rowBackoff = { firstMs: 1_000, longestMs: 300_000 };

export interface RelayTools extends OrganizationLookups {
  ledger: Pick<Ledger, 'recordConflicts'>;
  client: Pick<EventsClient, 'signal' | 'widgetOrganization'>;
  /** Whether Temporal and our database answer. When one does not, the failure is not the row's. */
  dependenciesAreThere: () => Promise<boolean>;
  /** Called with what a row failed with although all dependencies answer. */
  onFailure: (row: OutboxRow, error: unknown) => void;
}

/** What became of the rows of one subject, in order. Rows without a result stay as they were. */
export interface Relayed {
  rows: readonly ReadRow[];
  /** Of the first rows, as many as were judged. */
  results: RowResult[];
  /** Signals that are durable now, for the ledger. */
  accepted: InboundEvent[];
}

/**
 * Relays the rows of one subject, each after the one before it, and stops at the first that has to wait: what comes
 * later in the same lead must not overtake it. `known` are the ids that the ledger holds; this adds to it.
 */
export async function relayRows(
  rows: readonly ReadRow[],
  known: KnownIds,
  tools: RelayTools,
  stop: AbortSignal,
): Promise<Relayed> {
  const relayed: Relayed = { rows, results: [], accepted: [] };
  const memory: Memory = { known, organizations: new WidgetOrganizations(tools), accepted: relayed.accepted };
  for (const read of rows) {
    if (stop.aborted) break;
    try {
      relayed.results.push(await relayRow(read, memory, tools));
    } catch (error) {
      if (await tools.dependenciesAreThere()) {
        relayed.results.push(failed(read.row, error));
        tools.onFailure(read.row, error);
      }
      break;
    }
  }
  return relayed;
}

interface Memory {
  known: KnownIds;
  organizations: WidgetOrganizations;
  accepted: InboundEvent[];
}

async function relayRow(read: ReadRow, memory: Memory, tools: RelayTools): Promise<RowResult> {
  switch (read.kind) {
    case 'unreadable':
      throw read.error;
    case 'dead_letter':
      return deadLetter(read.row, read.reason, read.issues);
    case 'event':
      return relayEvent(read.row, read.event, memory, tools);
  }
}

async function relayEvent(row: OutboxRow, event: InboundEvent, memory: Memory, tools: RelayTools): Promise<RowResult> {
  const comparison = compare(event, memory.known);
  if (comparison === 'repeat') return { kind: 'duplicate', rowId: row.id };
  if (comparison === 'conflict') {
    await recordConflicts([event], tools.ledger);
    return deadLetter(row, 'conflict', [usedBefore]);
  }
  await memory.organizations.find([event]);
  const complete = memory.organizations.complete(event);
  if (complete === null) return deadLetter(row, 'unknown_organization', [organizationUnknown]);
  await tools.client.signal(complete.parsed);
  memory.known.set(event.parsed.step.id, event.parsed.step);
  memory.accepted.push(complete);
  return { kind: 'signalled', rowId: row.id };
}

const deadLetter = (row: OutboxRow, reason: DeadLetterReason, issues: readonly InputIssue[]): RowResult => ({
  kind: 'dead_letter',
  rowId: row.id,
  reason,
  issues,
});

const failed = (row: OutboxRow, error: unknown): RowResult => ({
  kind: 'failed',
  rowId: row.id,
  error: formatError(error),
  retryInMs: backoffMs(row.attempts, rowBackoff),
});

/** The kinds of an error and its causes, and what Temporal says of it. No other message: it may quote what was sent. */
function formatError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { details } = error as { details?: unknown };
  const own = typeof details === 'string' && details !== '' ? `${error.name}: ${details}` : error.name;
  return error.cause === undefined ? own : `${own} because of ${formatError(error.cause)}`;
}
