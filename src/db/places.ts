import type { Queryable } from './pool.ts';

/** The place of a delivery that was called is kept for so long (seconds); then it is taken for lost, and may be called again. */
const keptSeconds = 30;
export const keptMs = keptSeconds * 1_000;

/** Whether a place is kept for delivery `d`, which waits; null when it was not called. */
export const isCalled = (d: string) => `${d}.called_at > now() - interval '${keptSeconds} s'`;

/** How many places at an endpoint are kept for those that were called, but for delivery `but`; both are SQL. */
export const keptPlaces = (endpointId: string, but = 'null') =>
  `(select count(*)::int from deliveries k where k.endpoint_id = ${endpointId} and k.id is distinct from ${but}
      and k.waiting_since is not null and ${isCalled('k')})`;

/**
 * Milliseconds until the rate limit of endpoint `p` lets the next attempt go, 0 for now; by the clock, not by the
 * transaction's beginning: it may have waited for the endpoint's lock.
 */
export const pacedMs = `case when p.rate_limit is null then 0
  else greatest(0, ceil(extract(epoch from p.next_send_at - clock_timestamp()) * 1000))::int end`;

/** So much of what the rate limit left unused may be made up for at once (milliseconds): calls come late on a busy machine. */
const catchUpMs = 100;

/** How many attempts the rate limit of endpoint `p` lets go now; 0 while it is paced, and where there is none. */
export const paceDue = `case when p.rate_limit is null or p.next_send_at > clock_timestamp() then 0
  when p.next_send_at is null then 1
  else 1 + floor(extract(epoch from clock_timestamp() - greatest(p.next_send_at, clock_timestamp() - interval '${catchUpMs} ms'))
                 * p.rate_limit)::int end`;

/** Uses up a place of a rate limit: the next one comes so much later. Behind the endpoint's lock, when an attempt begins. */
export const takePace = (db: Queryable, endpointId: string) =>
  db.prepared(
    'take-pace',
    `update endpoints set next_send_at =
        greatest(next_send_at, clock_timestamp() - interval '${catchUpMs} ms') + make_interval(secs => 1.0 / rate_limit)
      where id = $1 and rate_limit is not null`,
    [endpointId],
  );
