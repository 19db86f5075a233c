import type { Queryable } from './pool.ts';

/** What went unused of a rate limit is made up for within this (milliseconds): a busy machine dispatches late. */
const catchUpMs = 100;

/** Attempts under way at endpoint `p`; `leaseMs` (SQL) is the longest one can last: what began before holds no slot any more. */
const inFlight = (leaseMs: string): string =>
  `(select count(*)::int from deliveries o where o.endpoint_id = p.id and o.status = 'delivering'
      and o.status not in ('delivered', 'abandoned')
      and o.attempt_started_at > clock_timestamp() - make_interval(secs => ${leaseMs} / 1000.0))`;

/** Slots of endpoint `p` that no attempt has. */
export const freeSlots = (leaseMs: string): string => `greatest(0, p.max_in_flight - ${inFlight(leaseMs)})`;

/** Milliseconds until the rate limit of endpoint `p` lets the next attempt go; 0: now. */
export const rateLimitWaitMs = `case when p.rate_limit is null then 0
  else greatest(0, ceil(extract(epoch from p.next_send_at - clock_timestamp()) * 1000))::int end`;

/** How many attempts the rate limit of endpoint `p` lets go now; null: as many as come. */
export const tokens = `case when p.rate_limit is null then null
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
