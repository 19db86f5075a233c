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

interface AnswerRow {
  status_code: number | null;
  retry_after: string | null;
  response_body: string | null;
  error_class: AttemptError['class'] | null;
  error: string | null;
}

/** Listener `l` with its endpoint `p`, by the organization ($1) and the endpoint ($2). */
export const isListenerOf =
  'p.id = l.endpoint_id and p.organization_id = $1 and l.endpoint_id = $2 and p.deleted_at is null';

const offerSql = `
  with stale as (
    delete from listener_requests where expires_at < now() - interval '1 minute'
  ), offered as (
    insert into listener_requests (id, endpoint_id, headers, body, expires_at)
    select $1, $2, $3, $4, now() + make_interval(secs => $5 / 1000.0)
      from listeners where endpoint_id = $2 and lease_expires_at > now()
    returning endpoint_id
  )
  select pg_notify('${requestsChannel}', endpoint_id::text) from offered`;

const takeSql = `
  with taken as (
    update listener_requests set taken_at = now()
     where id in (select r.id from listener_requests r join listeners l on l.endpoint_id = r.endpoint_id and l.stream_id = $2
                   where r.endpoint_id = $1 and r.taken_at is null and r.expires_at > now()
                   order by r.created_at limit $3 for update of r skip locked)
    returning id, headers, body, created_at
  )
  select id, headers, body from taken order by created_at`;

const answerSql = `
  with answered as (
    update listener_requests r set answered_at = now(), status_code = $4, retry_after = $5, response_body = $6,
           error_class = $7, error = $8
      from listeners l, endpoints p
     where ${isListenerOf} and r.id = $3 and r.endpoint_id = l.endpoint_id and r.answered_at is null and r.expires_at > now()
    returning r.id
  )
  select pg_notify('${answersChannel}', id::text) from answered`;

const collectSql = `
  delete from listener_requests where id = $1 and answered_at is not null
  returning status_code, retry_after, response_body, error_class, error`;

/** Requests under way to listeners, and their answers. */
export const listenerRequests = (db: Queryable) => ({
  /** Leaves a request for the process that holds the listener's stream. False: the lease is over. */
  async offer(endpointId: string, { id, headers, body }: ListenerRequest, timeoutMs: number): Promise<boolean> {
    return (await db.query(offerSql, [id, endpointId, JSON.stringify(headers), body, timeoutMs])).length > 0;
  },

  /** Takes what waits for a stream, oldest first; each request is taken once. */
  take: (endpointId: string, streamId: string, limit: number): Promise<ListenerRequest[]> =>
    db.query<ListenerRequest>(takeSql, [endpointId, streamId, limit]),

  /** False: the request was answered or given up before. */
  async answer(
    organizationId: string,
    endpointId: string,
    id: string,
    { statusCode, retryAfter, responseBody, error }: ListenerAnswer,
  ): Promise<boolean> {
    const values = [statusCode, retryAfter, responseBody, error?.class ?? null, error?.message ?? null];
    return (await db.query(answerSql, [organizationId, endpointId, id, ...values])).length > 0;
  },

  /** The answer to a request, which is removed with it; null: there is none yet. */
  async collect(id: string): Promise<Omit<AttemptResult, 'durationMs'> | null> {
    const [row] = await db.query<AnswerRow>(collectSql, [id]);
    return row === undefined ? null : toResult(row);
  },

  withdraw: (id: string) => db.execute('delete from listener_requests where id = $1', [id]),
});

const toResult = (row: AnswerRow): Omit<AttemptResult, 'durationMs'> => ({
  statusCode: row.status_code,
  responseBody: row.response_body,
  retryAfter: row.retry_after,
  error: row.error_class === null ? null : { class: row.error_class, message: row.error ?? '' },
});
