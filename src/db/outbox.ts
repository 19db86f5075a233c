import type { InputIssue } from '../errors.ts';
import { outboxErasure } from './outbox-erasure.ts';
import { outboxRetention } from './outbox-retention.ts';
import type { Queryable } from './pool.ts';

/** A row with more text (bytes) holds no event of 256 KiB, however its JSON is spaced: it is refused unread. */
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

interface DueRow extends Omit<OutboxRow, 'isTooLarge' | 'ageMs'> {
  is_too_large: boolean;
  age_ms: number;
}

interface CountsRow {
  pending: number;
  oldest_pending_seconds: number;
  stuck: number;
  dead_letters: number;
}

/** SQL: row `o` of a shard is pending, and no row of its subject failed and waits for its next try. */
const dueIn = (shard: string) => `
  o.done_at is null and (hashtext(o.subject) & ${shards - 1}) = ${shard}
    and o.subject not in (select p.subject from spark360.outbox p
                           where p.done_at is null and p.attempts > 0 and p.next_try_at > now())`;

// A claim is a session-level advisory lock on a shard. `for update skip locked` would not lock a row of the same
// lead that commits later, perhaps with a lower id, and it needs a transaction that waits for Temporal.
const claimSql = `
  with waiting as materialized (
    select s.shard, first.id from generate_series(0, ${shards - 1}) as s (shard)
     cross join lateral (select o.id from spark360.outbox o where ${dueIn('s.shard')} order by o.id limit 1) first
     where s.shard <> all ($1::int[])
     order by first.id)
  select shard from waiting where pg_try_advisory_lock(${lockKey}, shard) limit 1`;

// A statement of its own: the snapshot of the one that claims is older than the lock, and shows finished rows.
const rowsSql = `
  select o.id, o.subject, o.attempts, t.is_too_large, case when not t.is_too_large then o.event end as event,
         extract(epoch from clock_timestamp() - o.created_at)::float8 * 1000 as age_ms
    from spark360.outbox o
   cross join lateral (select octet_length(o.event::text) > ${mostTextBytes} as is_too_large) t
   where ${dueIn('$1::int')}
   order by o.id limit ${rowsPerClaim}`;

// One statement, so that a row is done together with its dead letter. Rows that another relay finished stay.
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

const releaseSql = `select pg_advisory_unlock(${lockKey}, $1::int)`;

const eventsSql = `
  select distinct on (lower(event ->> 'id')) lower(event ->> 'id') as id, event from spark360.outbox
   where lower(event ->> 'id') = any ($1) order by lower(event ->> 'id'), id`;

const countsSql = `
  select (select count(*)::int from (select from spark360.outbox where done_at is null limit ${mostCounted}) p) as pending,
         coalesce((select extract(epoch from clock_timestamp() - created_at)::float8 from spark360.outbox
                    where done_at is null order by created_at limit 1), 0) as oldest_pending_seconds,
         (select count(*)::int from spark360.outbox where done_at is null and attempts > 0) as stuck,
         (select count(*)::int from spark360.outbox_dead_letters where replayed_at is null) as dead_letters`;

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
    const rows = await db.prepared<DueRow>('outbox-rows', rowsSql, [shard]);
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
  release: (shard: number) => db.prepared('outbox-release', releaseSql, [shard]),

  /** Events of rows that are still kept, by the ids of their inbound events. */
  eventsOf: (ids: readonly string[]): Promise<{ id: string; event: unknown }[]> => db.query(eventsSql, [ids]),

  async counts(): Promise<OutboxCounts> {
    const [row] = await db.prepared<CountsRow>('outbox-counts', countsSql, []);
    return {
      pending: row?.pending ?? 0,
      oldestPendingSeconds: Math.max(0, row?.oldest_pending_seconds ?? 0),
      stuck: row?.stuck ?? 0,
      deadLetters: row?.dead_letters ?? 0,
    };
  },

  ...outboxRetention(db),
  ...outboxErasure(db),
});

export type Outbox = ReturnType<typeof outbox>;
