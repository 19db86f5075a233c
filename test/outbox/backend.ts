import type { Queryable } from '../../src/db/pool.ts';
import type { Deps } from '../../src/deps.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

/** What a backend does: one call in its own transaction. Gives the row's id. */
/** `event`, or its JSON text. */
export async function publish(db: Queryable, event: unknown): Promise<string> {
  const json = typeof event === 'string' ? event : JSON.stringify(event);
  const [row] = await db.query<{ id: string }>('select spark360.publish($1::jsonb) as id', [json]);
  if (row === undefined) throw new Error('publish gave nothing');
  return row.id;
}

export interface RowState {
  outcome: string | null;
  attempts: number;
  last_error: string | null;
  done_at: Date | null;
}

export async function rowOf(db: Queryable, id: string): Promise<RowState | undefined> {
  const sql = 'select outcome, attempts, last_error, done_at from spark360.outbox where id = $1';
  return (await db.query<RowState & Record<string, unknown>>(sql, [id]))[0];
}

export interface LetterState {
  id: string;
  reason: string;
  issues: { path: string; message: string }[];
  replayed_as: string | null;
}

export async function letterOf(db: Queryable, rowId: string): Promise<LetterState> {
  const sql = 'select id, reason, issues, replayed_as from spark360.outbox_dead_letters where outbox_id = $1';
  const [letter] = await db.query<LetterState & Record<string, unknown>>(sql, [rowId]);
  if (letter === undefined) throw new Error(`row ${rowId} is no dead letter`);
  return letter;
}

export interface Partner {
  organizationId: string;
  /** The events of one lead, in order of arrival. */
  eventsOf(leadId: string): string[];
  receiver: Receiver;
}

/** An organization with one endpoint for all events, which takes everything. */
export async function aPartner(deps: Deps): Promise<Partner> {
  const receiver = await startReceiver();
  const organizationId = await anOrganization(deps);
  await anEndpoint(deps, organizationId, receiver.url);
  const eventsOf = (leadId: string) =>
    receiver.requests.filter((request) => request.leadId === leadId).map(({ event }) => event);
  return { organizationId, eventsOf, receiver };
}

export const wholeJourney = ['lead.address_preview', 'lead.enriched', 'lead.rental_alert', 'lead.contact_requested'];
