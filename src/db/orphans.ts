import type { Queryable } from './pool.ts';

/** Unsettled deliveries of one workflow at one endpoint. */
export interface UnsettledLane {
  workflowId: string;
  endpointId: string;
  count: number;
}

/** Lanes with something unsettled that is older than `olderThanMs`, the oldest first. */
export const unsettledLanes = async (db: Queryable, olderThanMs: number, most: number): Promise<UnsettledLane[]> =>
  db.query<UnsettledLane & Record<string, unknown>>(
    `select coalesce(runner, subject) as "workflowId", endpoint_id as "endpointId", count(*)::int as count
       from deliveries
      where status not in ('delivered', 'abandoned') and created_at < now() - make_interval(secs => $1 / 1000.0)
      group by 1, 2 order by min(created_at) limit $2`,
    [olderThanMs, most],
  );

/** A lead or widget with inbound events that were accepted and not applied. */
export interface AcceptedSubject {
  workflowId: string;
  /** Of the inbound events. */
  ids: string[];
}

/** Subjects with events accepted longer than `olderThanMs` ago and not applied. It reads the whole ledger: not for a request. */
export const acceptedSubjects = async (db: Queryable, olderThanMs: number, most: number): Promise<AcceptedSubject[]> =>
  db.query<AcceptedSubject & Record<string, unknown>>(
    `select subject as "workflowId", array_agg(id::text order by occurred_at) as ids
       from inbound_events
      where outcome = 'accepted' and received_at < now() - make_interval(secs => $1 / 1000.0)
      group by subject order by min(received_at) limit $2`,
    [olderThanMs, most],
  );

/** Addresses of active endpoints that have one. */
export async function endpointUrls(db: Queryable, most: number): Promise<string[]> {
  const rows = await db.query<{ url: string }>(
    `select distinct url from endpoints
      where status = 'active' and deleted_at is null and kind = 'webhook' order by url limit $1`,
    [most],
  );
  return rows.map(({ url }) => url);
}
