import { behindLock } from './endpoint-lock.ts';
import type { Database, Queryable } from './pool.ts';
import { isOpen, ofDelivery, type Sendable, sendableColumns, sendableFrom } from './sendable.ts';
import { type Moment, moment } from './workers.ts';

/** What was claimed from the queue of an endpoint, each attempt begun by its row. */
export interface Claimed {
  deliveries: Sendable[];
  /** When they were claimed: epoch milliseconds of Postgres's clock, from which their due times count. */
  now: number;
  permittedAt: Moment;
  /** When to claim again, even if no attempt ends before; null: nothing is queued, or the endpoint is paused. */
  againInMs: number | null;
}

/** The most attempts under way at an endpoint below which one begins without its lock. */
export const maxUnlocked = 16;

/** What went unused of a rate limit is made up for within this (milliseconds): a busy machine dispatches late. */
const catchUpMs = 100;

/**
 * Attempts under way at endpoint `p`; `leaseMs` (SQL) is the longest one can last:
 * what began before holds no slot any more.
 */
export const inFlight = (leaseMs: string): string =>
  `(select count(*)::int from deliveries o where o.endpoint_id = p.id and o.status = 'delivering'
      and o.status not in ('delivered', 'abandoned')
      and o.attempt_started_at > clock_timestamp() - make_interval(secs => ${leaseMs} / 1000.0))`;

/**
 * Slots of endpoint `p` that no attempt has, nor any of the `unseen` (SQL) that may begin without its lock beside this
 * statement.
 */
export const freeSlots = (leaseMs: string, unseen: string): string =>
  `greatest(0, p.max_in_flight - ${inFlight(leaseMs)}
     - case when p.rate_limit is null and p.max_in_flight >= ${maxUnlocked} then ${unseen}::int else 0 end)`;

/** Milliseconds until the rate limit of endpoint `p` lets the next attempt go; 0: now. */
export const rateLimitWaitMs = `case when p.rate_limit is null then 0
  else greatest(0, ceil(extract(epoch from p.next_send_at - clock_timestamp()) * 1000))::int end`;

/** How many attempts the rate limit of endpoint `p` lets go now; null: as many as come. */
const tokens = `case when p.rate_limit is null then null
  when p.next_send_at > clock_timestamp() then 0
  when p.next_send_at is null then 1
  else 1 + floor(extract(epoch from clock_timestamp()
             - greatest(p.next_send_at, clock_timestamp() - interval '${catchUpMs} ms')) * p.rate_limit)::int end`;

/** Whether anything is queued at endpoint `p`. */
export const hasQueue = '(exists (select from endpoint_queue q where q.endpoint_id = p.id))';

/** Uses up tokens of a rate limit: the next attempt comes later by what they are worth. Behind the endpoint's lock. */
export const takeTokens = (db: Queryable, endpointId: string, count: number) =>
  db.prepared(
    'take-tokens',
    `update endpoints set next_send_at =
        greatest(next_send_at, clock_timestamp() - interval '${catchUpMs} ms') + make_interval(secs => $2::float8 / rate_limit)
      where id = $1 and rate_limit is not null`,
    [endpointId, count],
  );

/**
 * A lane that was told nothing of its queued delivery asks after this,
 * and later for each other one in the queue (milliseconds).
 */
const recheckMs = 120_000;
const recheckPerOtherMs = 1_000;

const enqueueSql = `
  with target as (select id, endpoint_id from deliveries where id = $1 and status in ('pending', 'retrying', 'held')),
  moved as (
    update deliveries d set status = 'pending', next_attempt_at = null from target
     where d.id = target.id and d.status <> 'pending'),
  queued as (
    insert into endpoint_queue (delivery_id, endpoint_id) select id, endpoint_id from target on conflict do nothing)
  select count(*)::int as before from (
    select from endpoint_queue where endpoint_id = (select endpoint_id from target) limit 3600) q`;

/** Queues a delivery, behind the endpoint's lock; gives after which time its lane should ask again (milliseconds). */
export async function enqueue(tx: Queryable, deliveryId: string): Promise<number> {
  const [row] = await tx.prepared<{ before: number }>('enqueue', enqueueSql, [deliveryId]);
  return recheckMs + recheckPerOtherMs * (row?.before ?? 0);
}

interface Slots {
  is_open: boolean;
  has_queue: boolean;
  free: number;
  tokens: number | null;
  rate_limit: number | null;
  wait_ms: number;
  now: number;
}

const slotsSql = `
  select ${isOpen} as is_open, ${hasQueue} as has_queue, ${freeSlots('$2', '$3')} as free, ${tokens} as tokens, p.rate_limit,
         ${rateLimitWaitMs} as wait_ms, (extract(epoch from clock_timestamp()) * 1000)::float8 as now
    from endpoints p where p.id = $1`;

// What was settled or begun since it was queued is dropped.
const claimSql = `
  with next as (
    delete from endpoint_queue where delivery_id in (
      select delivery_id from endpoint_queue where endpoint_id = $1 order by queued_at, delivery_id limit $2::int)
    returning delivery_id
  )
  update deliveries d set status = 'delivering', attempt = attempt + 1, attempt_started_at = clock_timestamp(),
         attempt_owner = $3, next_attempt_at = null
    from next, ${sendableFrom}
   where d.id = next.delivery_id and d.status in ('pending', 'retrying', 'held') and not d.skip_requested and ${ofDelivery}
  returning ${sendableColumns}`;

export const endpointQueue = (db: Database) => ({
  /**
   * Claims what may be sent at an endpoint now, longest waiting first: its row says from here on that it is under way.
   * `unseen` attempts begin there without the lock; each that has begun, or is queued, asks for a claim in its turn.
   */
  claim: (endpointId: string, owner: string, leaseMs: number, unseen = 0): Promise<Claimed> =>
    behindLock(db, endpointId, async (tx) => {
      const permittedAt = moment();
      const [slots] = await tx.prepared<Slots>('slots', slotsSql, [endpointId, leaseMs, unseen]);
      if (slots === undefined || !slots.is_open || !slots.has_queue)
        return { deliveries: [], now: 0, permittedAt, againInMs: null };
      const count = Math.min(slots.free, slots.tokens ?? slots.free);
      const deliveries = count === 0 ? [] : await tx.prepared<Sendable>('claim', claimSql, [endpointId, count, owner]);
      if (slots.tokens !== null && deliveries.length > 0) await takeTokens(tx, endpointId, deliveries.length);
      const isShort = deliveries.length < count;
      const againInMs = isShort ? 0 : claimAgainInMs({ ...slots, free: slots.free - count }, leaseMs);
      return { deliveries, now: slots.now, permittedAt, againInMs };
    }),

  async endpointsWithQueue(): Promise<string[]> {
    const rows = await db.query<{ endpoint_id: string }>('select distinct endpoint_id from endpoint_queue');
    return rows.map((row) => row.endpoint_id);
  },
});

/**
 * Where slots are what is missing, the attempts that have them dispatch when they end, and the lease is for those whose
 * process is gone; where the rate limit is, no attempt's end says so.
 */
const claimAgainInMs = ({ free, rate_limit: limit, wait_ms: waitMs }: Slots, leaseMs: number): number =>
  limit !== null && free > 0 ? Math.max(waitMs, Math.ceil(1_000 / limit)) : leaseMs;

export type EndpointQueueRows = ReturnType<typeof endpointQueue>;
