import type { EventsClient } from '../client.ts';
import type { AcceptedInbound, inbound, KnownInbound } from '../db/inbound.ts';
import type { DeadLetterReason, OutboxRow, RowResult } from '../db/outbox.ts';
import type { widgets } from '../db/widgets.ts';
import type { InputIssue } from '../errors.ts';
import { type InboundEvent, ledgerRow } from '../intake/inbound-event.ts';
import { backoffMs } from './backoff.ts';
import type { ReadRow } from './read-row.ts';

const rowBackoff = { firstMs: 1_000, longestMs: 300_000 };

export interface RelayTools {
  ledger: Pick<ReturnType<typeof inbound>, 'recordConflicts'>;
  registered: Pick<ReturnType<typeof widgets>, 'organizationsOf'>;
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
  accepted: AcceptedInbound[];
}

/**
 * Relays the rows of one subject, each after the one before it, and stops at the first that has to wait: what comes later
 * in the same lead must not overtake it. `known` are the ids that the ledger holds; this adds to it.
 */
export async function relayRows(
  rows: readonly ReadRow[],
  known: Map<string, Pick<KnownInbound, 'fingerprint'>>,
  tools: RelayTools,
  stop: AbortSignal,
): Promise<Relayed> {
  const relayed: Relayed = { rows, results: [], accepted: [] };
  const memory: Memory = { known, organizationId: undefined, accepted: relayed.accepted };
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
  known: Map<string, Pick<KnownInbound, 'fingerprint'>>;
  /** Of the widget whose rows these are, once one of them said it. */
  organizationId: string | undefined;
  accepted: AcceptedInbound[];
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
  const { id, fingerprint } = event.parsed.step;
  const before = memory.known.get(id)?.fingerprint;
  if (before === fingerprint) return { kind: 'duplicate', rowId: row.id };
  if (before !== undefined) {
    await tools.ledger.recordConflicts([{ id, fingerprint, subject: event.subject }]);
    return deadLetter(row, 'conflict', [{ path: 'id', message: 'used before with other content' }]);
  }
  const parsed = await withOrganization(event.parsed, memory, tools);
  if (parsed === null) return deadLetter(row, 'unknown_organization', [unknownOrganization]);
  await tools.client.signal(parsed);
  memory.known.set(id, { fingerprint });
  memory.accepted.push(ledgerRow({ ...event, parsed }));
  return { kind: 'signalled', rowId: row.id };
}

const unknownOrganization: InputIssue = {
  path: 'data.object.organizationId',
  message: 'required while the widget is not registered with an organization',
};

type Parsed = InboundEvent['parsed'];

/** The event with its organization: its own, else an earlier row's, else the registered one, else the one its workflow knows. */
async function withOrganization(parsed: Parsed, memory: Memory, tools: RelayTools): Promise<Parsed | null> {
  if (parsed.kind === 'lead') return parsed;
  const { widgetId, step } = parsed;
  memory.organizationId =
    step.organizationId ??
    memory.organizationId ??
    (await tools.registered.organizationsOf([widgetId])).get(widgetId) ??
    (await tools.client.widgetOrganization(widgetId)) ??
    undefined;
  if (memory.organizationId === undefined) return null;
  return { ...parsed, step: { ...step, organizationId: memory.organizationId } };
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
