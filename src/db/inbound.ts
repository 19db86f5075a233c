import type { Queryable } from './pool.ts';

/** What the ledger knows of an inbound id. */
export interface KnownInbound {
  id: string;
  /** SHA-256, hex. */
  fingerprint: string;
  subject: string;
  outcome: string;
}

/** An inbound id that came with other content than before. */
export type InboundConflict = Omit<KnownInbound, 'outcome'>;

/** One inbound event whose signal is durable. */
export interface AcceptedInbound {
  id: string;
  fingerprint: string;
  subject: string;
  /** Known of all but some widgets. */
  organizationId?: string | null;
  name: string;
  event: string;
  leadStatus: string | null;
  /** Epoch milliseconds. */
  occurredAt: number;
}

/** The ledger of inbound ids: each is applied once, for ever (spec section 2). */
export const inbound = (db: Queryable) => ({
  /** Those of `ids` that came before, by id. */
  async known(ids: string[]): Promise<Map<string, KnownInbound>> {
    const rows = await db.prepared<KnownInbound>(
      'known-inbound',
      `select id, encode(fingerprint, 'hex') as fingerprint, subject, outcome
         from inbound_events where id = any ($1::uuid[])`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  },

  /**
   * Writes 'accepted' rows, only ever after the signal is durable: an id claimed before it would turn the retry after a
   * crash into a false duplicate. A row that the applying step wrote first stays. An organization exists from its first
   * event on, applied or not (spec section 2).
   */
  accept: (events: AcceptedInbound[]) =>
    db.prepared(
      'accept-inbound',
      `with organization as (
         insert into organizations (id) select distinct id from unnest($8::uuid[]) as o (id) where id is not null order by id
         on conflict do nothing)
       insert into inbound_events (id, fingerprint, subject, name, event, lead_status, occurred_at, outcome)
       select e.id, decode(e.fingerprint, 'hex'), e.subject, e.name, e.event, e.lead_status, to_timestamp(e.occurred_at / 1000.0), 'accepted'
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[])
              as e (id, fingerprint, subject, name, event, lead_status, occurred_at)
       on conflict (id) do nothing`,
      [
        events.map((event) => event.id),
        events.map((event) => event.fingerprint),
        events.map((event) => event.subject),
        events.map((event) => event.name),
        events.map((event) => event.event),
        events.map((event) => event.leadStatus),
        events.map((event) => event.occurredAt),
        events.map((event) => event.organizationId ?? null),
      ],
    ),

  /** The same id with other content: never applied, and visible in the timeline of the subject it named. */
  recordConflicts: (conflicts: readonly InboundConflict[]) =>
    db.execute(
      `insert into inbound_conflicts (id, fingerprint, subject)
       select c.id, decode(c.fingerprint, 'hex'), c.subject from unnest($1::uuid[], $2::text[], $3::text[]) as c (id, fingerprint, subject)
       on conflict do nothing`,
      [
        conflicts.map(({ id }) => id),
        conflicts.map(({ fingerprint }) => fingerprint),
        conflicts.map(({ subject }) => subject),
      ],
    ),
});
