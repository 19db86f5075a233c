import type { LeadStatus } from '../domain/lead.ts';
import type { Queryable } from './pool.ts';

/** What the ledger knows of an inbound id. */
export interface KnownInbound {
  id: string;
  /** SHA-256, hex. */
  fingerprint: string;
  subject: string;
  outcome: string;
  /** Accepted a minute ago or longer, and not applied: an engine that was restored may have lost its signal. */
  isOverdue: boolean;
}

/** An inbound id that came with other content than before. */
export type InboundConflict = Omit<KnownInbound, 'outcome' | 'isOverdue'>;

/** How the step that an inbound event is was judged. */
export interface Claim {
  id: string;
  /** SHA-256, hex. */
  fingerprint: string;
  name: string;
  event: string;
  leadStatus: LeadStatus | null;
  /** Epoch milliseconds. */
  occurredAt: number;
  outcome: 'applied' | 'superseded' | 'ignored' | 'refused';
}

/** One inbound event whose signal is durable. */
export interface AcceptedInbound extends Omit<Claim, 'outcome'> {
  subject: string;
  /** Known of all but some widgets. */
  organizationId?: string | null;
}

interface LedgerRow extends Omit<Claim, 'outcome'> {
  subject: string;
  outcome: Claim['outcome'] | 'accepted' | 'erased';
}

/**
 * SQL that inserts rows of the ledger, given by `inboundValues` as parameters `$first` and the seven after it. Each is
 * received a microsecond after the one before, so that lists keep the order of one request.
 */
export const insertInbound = (first: number): string => {
  const types = ['uuid', 'text', 'text', 'text', 'text', 'text', 'float8', 'text'];
  return `insert into inbound_events (id, fingerprint, subject, name, event, lead_status, occurred_at, outcome, received_at)
    select c.id, decode(c.fingerprint, 'hex'), c.subject, c.name, c.event, c.lead_status,
           to_timestamp(c.occurred_at / 1000.0), c.outcome, now() + c.position * interval '1 microsecond'
      from unnest(${types.map((type, index) => `$${first + index}::${type}[]`).join(', ')}) with ordinality
           as c (id, fingerprint, subject, name, event, lead_status, occurred_at, outcome, position)`;
};

export const inboundValues = (rows: readonly LedgerRow[]): unknown[][] => [
  rows.map((row) => row.id),
  rows.map((row) => row.fingerprint),
  rows.map((row) => row.subject),
  rows.map((row) => row.name),
  rows.map((row) => row.event),
  rows.map((row) => row.leadStatus),
  rows.map((row) => row.occurredAt),
  rows.map((row) => row.outcome),
];

const acceptSql = `
  with organization as (
    insert into organizations (id) select distinct id from unnest($1::uuid[]) as o (id) where id is not null order by id
    on conflict do nothing)
  ${insertInbound(2)}
  on conflict (id) do nothing`;

const dropSql = `
  ${insertInbound(1)}
  on conflict (id) do update set outcome = excluded.outcome where inbound_events.outcome = 'accepted'`;

const conflictsSql = `
  insert into inbound_conflicts (id, fingerprint, subject)
  select c.id, decode(c.fingerprint, 'hex'), c.subject
    from unnest($1::uuid[], $2::text[], $3::text[]) as c (id, fingerprint, subject)
  on conflict do nothing`;

/** The ledger of inbound ids: each is applied once, for ever (spec section 2). */
export const inbound = (db: Queryable) => ({
  /** Those of `ids` that came before, by id. */
  async known(ids: string[]): Promise<Map<string, KnownInbound>> {
    const rows = await db.prepared<KnownInbound>(
      'known-inbound',
      `select id, encode(fingerprint, 'hex') as fingerprint, subject, outcome,
              outcome = 'accepted' and received_at < now() - interval '1 minute' as "isOverdue"
         from inbound_events where id = any ($1::uuid[])`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  },

  /**
   * Writes 'accepted' rows and organizations, after the signal is durable: a claim before it would turn the
   * retry after a crash into a false duplicate. A row that the applying step wrote first stays.
   */
  accept: (events: AcceptedInbound[]) =>
    db.prepared('accept-inbound', acceptSql, [
      events.map((event) => event.organizationId ?? null),
      ...inboundValues(events.map((event) => ({ ...event, outcome: 'accepted' }))),
    ]),

  /** Records by id what is not applied: events of an erased lead, and what could not be understood. */
  recordDropped: (rows: readonly LedgerRow[]) => db.execute(dropSql, inboundValues(rows)),

  /** The same id with other content: never applied, and visible in the timeline of the subject it named. */
  recordConflicts: (conflicts: readonly InboundConflict[]) =>
    db.execute(conflictsSql, [
      conflicts.map(({ id }) => id),
      conflicts.map(({ fingerprint }) => fingerprint),
      conflicts.map(({ subject }) => subject),
    ]),
});
