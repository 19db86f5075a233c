import { isListenerOf, listenerRequests } from './listener-requests.ts';
import type { Queryable } from './pool.ts';

export interface Lease {
  status: 'active' | 'paused';
  pausedReason: string | null;
}

const beginSql = `
  insert into listeners (endpoint_id, lease_expires_at) values ($1, now() + make_interval(secs => $2 / 1000.0))
  on conflict (endpoint_id) do update set lease_expires_at = excluded.lease_expires_at`;

const renewSql = `
  update listeners l set lease_expires_at = now() + make_interval(secs => $3 / 1000.0) from endpoints p
   where ${isListenerOf} returning p.status, p.paused_reason`;

/** In place of a stream that its listener has ended; null is a listener whose first stream is still to come. */
const endedStream = '00000000-0000-0000-0000-000000000000';

const findLostSql = `
  select p.id from listeners l join endpoints p on p.id = l.endpoint_id
   where p.organization_id = $1 and p.description = $2 and p.mode = $3 and p.deleted_at is null
     and (l.lease_expires_at <= now() or l.stream_id = '${endedStream}')
   order by p.created_at desc limit 1`;

const openStreamSql = `update listeners l set stream_id = $3 from endpoints p where ${isListenerOf}`;

const endStreamSql = `update listeners set stream_id = '${endedStream}' where endpoint_id = $1 and stream_id = $2`;

/** Leases of listeners, and the requests under way to them, by the database's clock: several processes look at it. */
export const listeners = (db: Queryable) => ({
  ...listenerRequests(db),

  /** Makes an endpoint a listener's; its lease begins. */
  begin: (endpointId: string, leaseMs: number) => db.execute(beginSql, [endpointId, leaseMs]),

  /** Null: there is no such listener, or it was deleted. */
  async renew(organizationId: string, endpointId: string, leaseMs: number): Promise<Lease | null> {
    const [row] = await db.query<{ status: Lease['status']; paused_reason: string | null }>(renewSql, [
      organizationId,
      endpointId,
      leaseMs,
    ]);
    return row === undefined ? null : { status: row.status, pausedReason: row.paused_reason };
  },

  /**
   * The newest listener of a name whose lease is over, or that ended its stream: what is due there waits for its command
   * line to come back.
   */
  async findLost(organizationId: string, name: string, mode: string): Promise<string | null> {
    const [row] = await db.query<{ id: string }>(findLostSql, [organizationId, name, mode]);
    return row?.id ?? null;
  },

  isLost: async (endpointId: string): Promise<boolean> =>
    (await db.query('select from listeners where endpoint_id = $1 and lease_expires_at <= now()', [endpointId]))
      .length > 0,

  /** From here on requests go to this stream and to no other. False: there is no such listener. */
  openStream: async (organizationId: string, endpointId: string, streamId: string): Promise<boolean> =>
    (await db.execute(openStreamSql, [organizationId, endpointId, streamId])) > 0,

  /** The listener ended its stream, and no other one was opened since. */
  endStream: (endpointId: string, streamId: string) => db.execute(endStreamSql, [endpointId, streamId]),

  /** Removes what is under way to a deleted endpoint, and its lease. */
  async end(endpointId: string): Promise<void> {
    await db.execute('delete from listener_requests where endpoint_id = $1', [endpointId]);
    await db.execute('delete from listeners where endpoint_id = $1', [endpointId]);
  },
});

export type Listeners = ReturnType<typeof listeners>;
