import type { Queryable } from './pool.ts';
import { rowStatuses } from './shown-status.ts';

/** Unsettled deliveries of one workflow at one endpoint. */
export interface UnsettledLane {
  workflowId: string;
  endpointId: string;
  count: number;
}

/** Lanes with something unsettled that is older than `olderThanMs`, the oldest first. */
export const unsettledLanes = async (db: Queryable, olderThanMs: number, most: number): Promise<UnsettledLane[]> =>
  db.query<UnsettledLane & Record<string, unknown>>(
    `select coalesce(workflow_id, subject) as "workflowId", endpoint_id as "endpointId", count(*)::int as count
       from deliveries
      where status not in ('delivered', 'abandoned') and created_at < now() - make_interval(secs => $1 / 1000.0)
      group by 1, 2 order by min(created_at) limit $2`,
    [olderThanMs, most],
  );

/** The same with whose it is; `count` is of what was looked at. */
export interface OwnedLane extends UnsettledLane {
  organizationId: string;
  organizationName: string | null;
  /** Null: of a widget. */
  leadId: string | null;
  since: Date;
}

/** Of each status at an endpoint the oldest this many are looked at: the work does not grow with what waits. */
const mostOfStatus = 20;

/**
 * Of what is unsettled for longer than `olderThanMs`,
 * the oldest lanes of each endpoint; those where nothing is paused first.
 */
export const oldestLanes = async (db: Queryable, olderThanMs: number, most: number): Promise<OwnedLane[]> =>
  db.query<OwnedLane & Record<string, unknown>>(
    `select coalesce(d.workflow_id, d.subject) as "workflowId", p.id as "endpointId", p.organization_id as "organizationId",
            o.name as "organizationName", d.lead_id as "leadId", count(*)::int as count, min(d.created_at) as since
       from endpoints p join organizations o on o.id = p.organization_id
      cross join unnest('{${rowStatuses.join()}}'::text[]) as s (status)
      cross join lateral (
            select workflow_id, subject, lead_id, created_at from deliveries
             where endpoint_id = p.id and status = s.status and status not in ('delivered', 'abandoned')
               and created_at < now() - make_interval(secs => $1 / 1000.0)
             order by created_at limit ${mostOfStatus}) d
      where p.deleted_at is null
      group by 1, p.id, o.name, d.lead_id order by p.status = 'paused', min(d.created_at) limit $2`,
    [olderThanMs, most],
  );

/** A lead or widget with inbound events that were accepted and not applied. */
export interface AcceptedSubject {
  workflowId: string;
  /** Of the inbound events. */
  ids: string[];
}

/**
 * Subjects with events accepted more than `olderThanMs` ago and not applied. Reads the whole
 * ledger: not for requests.
 */
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
