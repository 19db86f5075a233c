import type { InputIssue } from '../errors.ts';
import type { Queryable } from './pool.ts';

/**
 * A row's text larger than this (bytes) cannot be an event of 256 KiB however its JSON is spaced, so it is judged without
 * being read.
 */
const mostTextBytes = 512 * 1024;
/** Rows relayed at a time from one shard: the rest is claimed again after these. */
const rowsPerClaim = 25;
/** Key of our advisory locks, among those of a database that is not ours; the second key is the shard. */
const lockKey = 360;
/** Subjects are spread over this many shards, by hash; `outbox_pending_by_shard` has the same expression. */
const shards = 16;
/** Pending rows are counted up to here. */
const mostCounted = 100_000;

export interface OutboxRow {
  /** A bigint, as text. */
  id: string;
  subject: string;
  attempts: number;
  isTooLarge: boolean;
  /** Parsed JSON; null when it is too large. */
  event: unknown;
  /** Milliseconds since it was inserted, by the clock of its database. */
  ageMs: number;
}

export type DeadLetterReason = 'malformed' | 'conflict' | 'unknown_organization';

/** What became of one row. */
export type RowResult =
  | { kind: 'signalled' | 'duplicate'; rowId: string }
  | { kind: 'dead_letter'; rowId: string; reason: DeadLetterReason; issues: readonly InputIssue[] }
  | { kind: 'failed'; rowId: string; error: string; retryInMs: number };

export interface OutboxCounts {
  /** Exact up to 100,000. */
  pending: number;
  oldestPendingSeconds: number;
  /** Rows that failed and hold back their subject. */
  stuck: number;
  /** Dead letters that were not replayed. */
  deadLetters: number;
}

/** SQL: a pending row `o` of a shard that may go: neither it nor an earlier row of its subject failed and is not due again. */
const dueIn = (shard: string) => `
  o.done_at is null and (hashtext(o.subject) & ${shards - 1}) = ${shard}
    and o.subject not in (select p.subject from spark360.outbox p
                           where p.done_at is null and p.attempts > 0 and p.next_try_at > now())`;

// A claim is a session-level advisory lock on a shard. A lock on rows (`for update skip locked`) would not do: a row of the
// same lead that commits later is not locked, even with a lower id, since the order of ids is not the order of commits, and
// another relay would take it. And it would need a transaction that is open while Temporal is spoken to.
const claimSql = `
  with waiting as materialized (
    select s.shard, first.id from generate_series(0, ${shards - 1}) as s (shard)
     cross join lateral (select o.id from spark360.outbox o where ${dueIn('s.shard')} order by o.id limit 1) first
     where s.shard <> all ($1::int[])
     order by first.id)
  select shard from waiting where pg_try_advisory_lock(${lockKey}, shard) limit 1`;

// Not in the statement that claims: its snapshot is older than the lock, and may show rows that the last holder finished.
const rowsSql = `
  select o.id, o.subject, o.attempts, t.is_too_large, case when not t.is_too_large then o.event end as event,
         extract(epoch from clock_timestamp() - o.created_at)::float8 * 1000 as age_ms
    from spark360.outbox o
   cross join lateral (select octet_length(o.event::text) > ${mostTextBytes} as is_too_large) t
   where ${dueIn('$1::int')}
   order by o.id limit ${rowsPerClaim}`;

// One statement, so that a row is done together with its dead letter. Rows that are done already, by a relay that took
// over from us, are left alone.
const finishSql = `
  with finished as (
    update spark360.outbox o
       set done_at = now(), outcome = f.outcome, next_try_at = null, last_error = null
      from unnest($1::bigint[], $2::text[]) as f (id, outcome)
     where o.id = f.id and o.done_at is null
  ), postponed as (
    update spark360.outbox o
       set attempts = o.attempts + 1, last_error = f.error, next_try_at = now() + f.retry_in_ms * interval '1 millisecond'
      from unnest($3::bigint[], $4::text[], $5::float8[]) as f (id, error, retry_in_ms)
     where o.id = f.id and o.done_at is null
  )
  insert into spark360.outbox_dead_letters (outbox_id, subject, event, reason, issues, published_at)
  select o.id, o.subject, o.event, d.reason, d.issues::jsonb, o.created_at
    from unnest($6::bigint[], $7::text[], $8::text[]) as d (id, reason, issues)
    join spark360.outbox o on o.id = d.id and o.done_at is null
  on conflict (outbox_id) do nothing`;

const countsSql = `
  select (select count(*)::int from (select from spark360.outbox where done_at is null limit ${mostCounted}) p) as pending,
         coalesce((select extract(epoch from clock_timestamp() - created_at)::float8 from spark360.outbox
                    where done_at is null order by created_at limit 1), 0) as oldest_pending_seconds,
         (select count(*)::int from spark360.outbox where done_at is null and attempts > 0) as stuck,
         (select count(*)::int from spark360.outbox_dead_letters where replayed_at is null) as dead_letters`;

// From a fixed row back to what it was replayed from, over as many fixes as it took.
const rowsOfLead = `
  with recursive named as (
    select id from spark360.outbox
     where subject = $1 or (subject like 'malformed/%' and position($2 in lower(event::text)) > 0)
  ), letters as (
    select l.id, l.outbox_id from spark360.outbox_dead_letters l
     where l.subject = $1 or position($2 in lower(l.event::text)) > 0 or l.replayed_as in (select id from named)
    union
    select l.id, l.outbox_id from spark360.outbox_dead_letters l join letters later on l.replayed_as = later.outbox_id
  )`;

const knowsLeadSql = `${rowsOfLead}
  select exists (select from named) or exists (select from letters) as known`;

const eraseLeadSql = `${rowsOfLead}, rows_gone as (
    delete from spark360.outbox where id in (select id from named union all select outbox_id from letters) returning 1
  ), letters_gone as (
    delete from spark360.outbox_dead_letters where id in (select id from letters) returning 1
  )
  select ((select count(*) from rows_gone) + (select count(*) from letters_gone))::int as count`;

const removeFrom = (
  db: Queryable,
  table: 'outbox' | 'outbox_dead_letters',
  since: 'done_at' | 'replayed_at' | 'created_at',
  keepMs: number,
  most: number,
  condition = 'true',
): Promise<number> =>
  db.execute(
    `delete from spark360.${table} where id in (
       select id from spark360.${table} where ${since} < now() - $1 * interval '1 millisecond' and ${condition}
        order by ${since} limit $2 for update skip locked)`,
    [keepMs, most],
  );

/** The backend's outbox table, as the relay uses it. Claims belong to the session, so `db` is one for these. */
export const outbox = (db: Queryable) => ({
  /** Whether the table is there at all. */
  async exists(): Promise<boolean> {
    const [row] = await db.query<{ exists: boolean }>(`select to_regclass('spark360.outbox') is not null as exists`);
    return row?.exists === true;
  },

  /** Claims the shard with the oldest due row, none of `held`; null: no due row, or other relays hold its shard. */
  async claim(held: number[]): Promise<number | null> {
    const [claimed] = await db.prepared<{ shard: number }>('outbox-claim', claimSql, [held]);
    return claimed?.shard ?? null;
  },

  /** The first due rows of a claimed shard, in order of their ids. */
  async rows(shard: number): Promise<OutboxRow[]> {
    const rows = await db.prepared<{
      id: string;
      subject: string;
      attempts: number;
      is_too_large: boolean;
      event: unknown;
      age_ms: number;
    }>('outbox-rows', rowsSql, [shard]);
    return rows.map(({ is_too_large: isTooLarge, age_ms: ageMs, ...row }) => ({ ...row, isTooLarge, ageMs }));
  },

  async finish(results: readonly RowResult[]): Promise<void> {
    const done = results.filter((result) => result.kind !== 'failed');
    const failed = results.filter((result) => result.kind === 'failed');
    const dead = results.filter((result) => result.kind === 'dead_letter');
    await db.prepared('outbox-finish', finishSql, [
      done.map(({ rowId }) => rowId),
      done.map(({ kind }) => kind),
      failed.map(({ rowId }) => rowId),
      failed.map(({ error }) => error),
      failed.map(({ retryInMs }) => retryInMs),
      dead.map(({ rowId }) => rowId),
      dead.map(({ reason }) => reason),
      dead.map(({ issues }) => JSON.stringify(issues)),
    ]);
  },

  /** Releases a shard. Only after what came of its rows is committed. */
  release: (shard: number) => db.prepared('outbox-release', `select pg_advisory_unlock(${lockKey}, $1::int)`, [shard]),

  /** Events of rows that are still kept, by the ids of their inbound events. */
  eventsOf: (ids: readonly string[]): Promise<{ id: string; event: unknown }[]> =>
    db.query(
      `select distinct on (lower(event ->> 'id')) lower(event ->> 'id') as id, event from spark360.outbox
        where lower(event ->> 'id') = any ($1) order by lower(event ->> 'id'), id`,
      [ids],
    ),

  async counts(): Promise<OutboxCounts> {
    const [row] = await db.prepared<{
      pending: number;
      oldest_pending_seconds: number;
      stuck: number;
      dead_letters: number;
    }>('outbox-counts', countsSql, []);
    return {
      pending: row?.pending ?? 0,
      oldestPendingSeconds: Math.max(0, row?.oldest_pending_seconds ?? 0),
      stuck: row?.stuck ?? 0,
      deadLetters: row?.dead_letters ?? 0,
    };
  },

  /** Removes up to `most` rows that were done, and dead letters that were replayed, longer than `keepMs` ago; gives how many. */
  async removeDone(keepMs: number, most: number): Promise<number> {
    return (
      (await removeFrom(db, 'outbox', 'done_at', keepMs, most)) +
      (await removeFrom(db, 'outbox_dead_letters', 'replayed_at', keepMs, most))
    );
  },

  /**
   * Takes the payload from dead letters whose replay was accepted; gives how many. The rest of the row says for a while what
   * became of it, so that a second replay changes nothing. One whose replay is a dead letter again keeps it: the fix was none.
   */
  forgetReplayed: (): Promise<number> =>
    db.execute(
      `update spark360.outbox_dead_letters l set event = 'null' from spark360.outbox o
        where o.id = l.replayed_as and o.outcome in ('signalled', 'duplicate') and l.event <> 'null'`,
    ),

  /** Removes up to `most` dead letters that were not replayed for `keepMs`; gives their number. */
  removeAbandoned: (keepMs: number, most: number): Promise<number> =>
    removeFrom(db, 'outbox_dead_letters', 'created_at', keepMs, most, 'replayed_at is null'),

  /** Whether a row or a dead letter is the lead's, or names it without being understood. */
  async knowsLead(subject: string, leadId: string): Promise<boolean> {
    const [row] = await db.query<{ known: boolean }>(knowsLeadSql, [subject, leadId]);
    return row?.known ?? false;
  },

  /**
   * Removes every row and dead letter of a lead (spec section 5, Erase): those whose event names it elsewhere than it should,
   * and those that did not name it until they were fixed. Waits for no relay: a row that is being relayed meets the lead's
   * tombstone. Gives how many.
   */
  async eraseLead(subject: string, leadId: string): Promise<number> {
    const [erased] = await db.query<{ count: number }>(eraseLeadSql, [subject, leadId]);
    return erased?.count ?? 0;
  },
});

export type Outbox = ReturnType<typeof outbox>;
