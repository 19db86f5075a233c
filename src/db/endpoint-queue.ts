import { behindLock } from './endpoint-lock.ts';
import type { Database, Queryable } from './pool.ts';
import { isOpen, type Sendable, type SendableRow, sendableColumns, sendableFrom, toSendable } from './sendable.ts';
import { freeSlots, hasQueue, rateLimitWaitMs, takeTokens, tokens } from './slots.ts';

/** A claimed delivery, and when it was: epoch milliseconds of Postgres's clock, from which its due times count. */
export type ClaimedDelivery = Sendable & { claimedAt: number };

export interface Claimed {
  deliveries: ClaimedDelivery[];
  /** When to claim again, whatever ends before; null: nothing is queued, or the endpoint is paused. */
  againInMs: number | null;
}

interface SlotsRow {
  is_open: boolean;
  has_queue: boolean;
  free: number;
  tokens: number | null;
  rate_limit: number | null;
  wait_ms: number;
}

const slotsSql = `
  select ${isOpen} as is_open, ${hasQueue} as has_queue, ${freeSlots('$2')} as free, ${tokens} as tokens, p.rate_limit,
         ${rateLimitWaitMs} as wait_ms
    from endpoints p where p.id = $1`;

// What was settled or begun since it was queued is dropped.
const claimSql = `
  with next as (
    delete from endpoint_queue where delivery_id in (
      select delivery_id from endpoint_queue where endpoint_id = $1 order by queued_at, delivery_id limit $2::int)
    returning delivery_id
  ), taken as (
    update deliveries d set status = 'delivering', attempt = attempt + 1, attempt_started_at = clock_timestamp(),
           attempt_owner = $3, next_attempt_at = null
      from next where d.id = next.delivery_id and d.status in ('pending', 'retrying', 'held') and not d.skip_requested
    returning d.*
  )
  select ${sendableColumns}, (extract(epoch from clock_timestamp()) * 1000)::float8 as claimed_at
    from taken d ${sendableFrom}`;

/** A lane that was not told of its attempt asks by itself: after this, and so much later for each other one in the queue (milliseconds). */
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

/** Queues a delivery, behind the endpoint's lock; gives when its lane should ask by itself. */
export async function enqueue(tx: Queryable, deliveryId: string): Promise<number> {
  const [row] = await tx.prepared<{ before: number }>('enqueue', enqueueSql, [deliveryId]);
  return recheckMs + recheckPerOtherMs * (row?.before ?? 0);
}

export const endpointQueue = (db: Database) => ({
  /** Claims what may be sent at an endpoint now, longest waiting first: its row says from here on that it is under way. */
  claim: (endpointId: string, owner: string, leaseMs: number): Promise<Claimed> =>
    behindLock(db, endpointId, async (tx) => {
      const [row] = await tx.prepared<SlotsRow>('slots', slotsSql, [endpointId, leaseMs]);
      if (row === undefined || !row.is_open || !row.has_queue) return { deliveries: [], againInMs: null };
      const count = row.tokens === null ? row.free : Math.min(row.free, row.tokens);
      if (count === 0) return { deliveries: [], againInMs: againInMs(row, leaseMs) };
      const claimed = await tx.prepared<SendableRow & { claimed_at: number }>('claim', claimSql, [
        endpointId,
        count,
        owner,
      ]);
      if (row.tokens !== null && claimed.length > 0) await takeTokens(tx, endpointId, claimed.length);
      return {
        deliveries: claimed.map((one) => ({ ...toSendable(one), claimedAt: one.claimed_at })),
        againInMs: claimed.length < count ? 0 : againInMs({ ...row, free: row.free - count }, leaseMs),
      };
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
const againInMs = ({ free, rate_limit: limit, wait_ms: waitMs }: SlotsRow, leaseMs: number): number =>
  limit !== null && free > 0 ? Math.max(waitMs, Math.ceil(1_000 / limit)) : leaseMs;

export type EndpointQueueRows = ReturnType<typeof endpointQueue>;
