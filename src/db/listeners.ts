import type { AttemptError, AttemptResult } from '../domain/outcome.ts';
import type { Queryable } from './pool.ts';

/** Channels that carry ids only: an endpoint's that has a request, a request's that has an answer. */
export const requestsChannel = 'spark360_listener_requests';
export const answersChannel = 'spark360_listener_answers';

/** A signed request on its way to a listener. */
export interface ListenerRequest {
  id: string;
  headers: Record<string, string>;
  /** The frozen bytes. */
  body: string;
}

/** What the listener's local program answered, or why it did not. */
export interface ListenerAnswer {
  statusCode: number | null;
  retryAfter: string | null;
  responseBody: string | null;
  error: AttemptError | null;
}

export interface Lease {
  status: 'active' | 'paused';
  pausedReason: string | null;
}

interface AnswerRow {
  status_code: number | null;
  retry_after: string | null;
  response_body: string | null;
  error_class: AttemptError['class'] | null;
  error: string | null;
}

const owned = 'p.id = l.endpoint_id and p.organization_id = $1 and l.endpoint_id = $2 and p.deleted_at is null';
const interval = (parameter: string): string => `make_interval(secs => ${parameter} / 1000.0)`;

/** Leases of listeners, and the requests under way to them. Moments are the database's: several processes look at them. */
export const listeners = (db: Queryable) => ({
  /** Makes an endpoint a listener's; its lease begins. */
  begin: (endpointId: string, leaseMs: number) =>
    db.execute(
      `insert into listeners (endpoint_id, lease_expires_at) values ($1, now() + ${interval('$2')})
       on conflict (endpoint_id) do update set lease_expires_at = excluded.lease_expires_at`,
      [endpointId, leaseMs],
    ),

  /** Null: there is no such listener, or it was deleted. */
  async renew(organizationId: string, endpointId: string, leaseMs: number): Promise<Lease | null> {
    const [row] = await db.query<{ status: Lease['status']; paused_reason: string | null }>(
      `update listeners l set lease_expires_at = now() + ${interval('$3')} from endpoints p where ${owned}
       returning p.status, p.paused_reason`,
      [organizationId, endpointId, leaseMs],
    );
    return row === undefined ? null : { status: row.status, pausedReason: row.paused_reason };
  },

  /** The newest listener of a name whose lease is over: what is held there waits for its command line to come back. */
  async findLost(organizationId: string, name: string, mode: string): Promise<string | null> {
    const [row] = await db.query<{ id: string }>(
      `select p.id from listeners l join endpoints p on p.id = l.endpoint_id
        where p.organization_id = $1 and p.description = $2 and p.mode = $3 and p.deleted_at is null
          and l.lease_expires_at <= now()
        order by p.created_at desc limit 1`,
      [organizationId, name, mode],
    );
    return row?.id ?? null;
  },

  isLost: async (endpointId: string): Promise<boolean> =>
    (await db.query('select from listeners where endpoint_id = $1 and lease_expires_at <= now()', [endpointId]))
      .length > 0,

  /** From here on requests go to this stream and to no other. False: there is no such listener. */
  openStream: async (organizationId: string, endpointId: string, streamId: string): Promise<boolean> =>
    (await db.execute(`update listeners l set stream_id = $3 from endpoints p where ${owned}`, [
      organizationId,
      endpointId,
      streamId,
    ])) > 0,

  /** Leaves a request for whichever process holds the listener's stream. False: the lease is over. */
  async offer(endpointId: string, { id, headers, body }: ListenerRequest, timeoutMs: number): Promise<boolean> {
    const rows = await db.query(
      `with stale as (
         delete from listener_requests where expires_at < now() - interval '1 minute'
       ), offered as (
         insert into listener_requests (id, endpoint_id, headers, body, expires_at)
         select $1, $2, $3, $4, now() + ${interval('$5')} from listeners where endpoint_id = $2 and lease_expires_at > now()
         returning endpoint_id
       )
       select pg_notify('${requestsChannel}', endpoint_id::text) from offered`,
      [id, endpointId, JSON.stringify(headers), body, timeoutMs],
    );
    return rows.length > 0;
  },

  /** Takes what waits for a stream, oldest first; each request is taken once. */
  async take(endpointId: string, streamId: string, limit: number): Promise<ListenerRequest[]> {
    const rows = await db.query<ListenerRequest & { created_at: Date }>(
      `update listener_requests set taken_at = now()
        where id in (select r.id from listener_requests r join listeners l on l.endpoint_id = r.endpoint_id and l.stream_id = $2
                      where r.endpoint_id = $1 and r.taken_at is null and r.expires_at > now()
                      order by r.created_at limit $3 for update of r skip locked)
       returning id, headers, body, created_at`,
      [endpointId, streamId, limit],
    );
    rows.sort((one, other) => one.created_at.getTime() - other.created_at.getTime());
    return rows.map(({ id, headers, body }) => ({ id, headers, body }));
  },

  /** False: the request was answered or given up before. */
  async answer(organizationId: string, endpointId: string, id: string, answer: ListenerAnswer): Promise<boolean> {
    const rows = await db.query(
      `with answered as (
         update listener_requests r set answered_at = now(), status_code = $4, retry_after = $5, response_body = $6,
                error_class = $7, error = $8
           from listeners l, endpoints p
          where ${owned} and r.id = $3 and r.endpoint_id = l.endpoint_id and r.answered_at is null and r.expires_at > now()
         returning r.id
       )
       select pg_notify('${answersChannel}', id::text) from answered`,
      [
        organizationId,
        endpointId,
        id,
        answer.statusCode,
        answer.retryAfter,
        answer.responseBody,
        answer.error?.class ?? null,
        answer.error?.message ?? null,
      ],
    );
    return rows.length > 0;
  },

  /** The answer to a request, which is removed with it; null: there is none yet. */
  async collect(id: string): Promise<Omit<AttemptResult, 'durationMs'> | null> {
    const [row] = await db.query<AnswerRow>(
      `delete from listener_requests where id = $1 and answered_at is not null
       returning status_code, retry_after, response_body, error_class, error`,
      [id],
    );
    return row === undefined ? null : toResult(row);
  },

  withdraw: (id: string) => db.execute('delete from listener_requests where id = $1', [id]),

  /** Removes what is under way to a deleted endpoint, and its lease. */
  async end(endpointId: string): Promise<void> {
    await db.execute('delete from listener_requests where endpoint_id = $1', [endpointId]);
    await db.execute('delete from listeners where endpoint_id = $1', [endpointId]);
  },
});

const toResult = (row: AnswerRow): Omit<AttemptResult, 'durationMs'> => ({
  statusCode: row.status_code,
  responseBody: row.response_body,
  retryAfter: row.retry_after,
  error: row.error_class === null ? null : { class: row.error_class, message: row.error ?? '' },
});

export type Listeners = ReturnType<typeof listeners>;
