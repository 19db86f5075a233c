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

/** How an endpoint's places stand, and whether anybody waits for one. */
export interface PlacesRow {
  is_line: boolean;
  /** Milliseconds until the first lane that was not woken after its attempt is to be; null: none. */
  wake_due_ms: number | null;
  /** Places that nobody has, or is on the way to. */
  free: number;
  kept: number;
  rate_limit: number | null;
  paced_ms: number;
  /** How many the rate limit lets go now. */
  due: number;
}

/** Whether anybody waits for a place at endpoint `p`. */
export const isLine = '(exists (select from deliveries d where d.endpoint_id = p.id and d.waiting_since is not null))';

/** Of the places of endpoint `p` those that nobody has, or is on the way to; $2 is the longest an attempt can last (milliseconds). */
export const freePlaces = `(greatest(0, p.max_in_flight
    - (select count(*) from deliveries d where d.endpoint_id = p.id and d.status = 'delivering'
          and d.attempt_started_at > now() - make_interval(secs => $2 / 1000.0))
    - ${keptPlaces('p.id')})::int)`;

/** Gives a `PlacesRow` of endpoint $1. */
export const placesSql = `
  select ${isLine} as is_line,
         (select extract(epoch from min(d.wake_due_at) - now()) * 1000 from deliveries d
           where d.endpoint_id = p.id and d.wake_due_at is not null)::int as wake_due_ms,
         ${freePlaces} as free,
         ${keptPlaces('p.id')} as kept, p.rate_limit, ${pacedMs} as paced_ms, ${paceDue} as due
    from endpoints p where p.id = $1`;

/** Uses up a place of a rate limit: the next one comes so much later. Behind the endpoint's lock, when an attempt begins. */
export const takePace = (db: Queryable, endpointId: string) =>
  db.prepared(
    'take-pace',
    `update endpoints set next_send_at =
        greatest(next_send_at, clock_timestamp() - interval '${catchUpMs} ms') + make_interval(secs => 1.0 / rate_limit)
      where id = $1 and rate_limit is not null`,
    [endpointId],
  );
