import type { Queryable } from './pool.ts';
import { rowStatuses } from './shown-status.ts';

/** Unsettled deliveries of one workflow at one endpoint. */
export interface UnsettledLane {
  workflowId: string;
  endpointId: string;
  count: number;
}

interface UnsettledRow {
  id: string;
  workflowId: string;
  endpointId: string;
  status: string;
  /** With the microseconds that a `Date` does not have. */
  createdAt: string;
  [column: string]: string;
}

const beforeFirst = { endpointId: '00000000-0000-0000-0000-000000000000', status: '', createdAt: '-infinity' };

// In the order of the partial index deliveries_unsettled, so that a page costs the same however much waits.
const unsettledSql = `
  select id, coalesce(workflow_id, subject) as "workflowId", endpoint_id as "endpointId", status, created_at::text as "createdAt"
    from deliveries
   where status not in ('delivered', 'abandoned') and created_at < now() - make_interval(secs => $1 / 1000.0)
     and (endpoint_id, status, created_at, id) > ($2::uuid, $3::text, $4::timestamptz, $5::uuid)
   order by endpoint_id, status, created_at, id limit $6`;

/**
 * All lanes with something unsettled that is older than `olderThanMs`, a page of deliveries at a time. A lane may be in
 * several pages: each counts its own deliveries.
 */
export async function* unsettledLanes(
  db: Queryable,
  olderThanMs: number,
  pageSize = 5_000,
): AsyncGenerator<UnsettledLane[]> {
  for (let last: Omit<UnsettledRow, 'workflowId'> = { ...beforeFirst, id: beforeFirst.endpointId }; ; ) {
    const after = [last.endpointId, last.status, last.createdAt, last.id];
    const rows: UnsettledRow[] = await db.query<UnsettledRow>(unsettledSql, [olderThanMs, ...after, pageSize]);
    if (rows.length > 0) yield lanesOf(rows);
    const end = rows.at(-1);
    if (end === undefined || rows.length < pageSize) return;
    last = end;
  }
}

function lanesOf(rows: readonly UnsettledRow[]): UnsettledLane[] {
  const lanes = new Map<string, UnsettledLane>();
  for (const { workflowId, endpointId } of rows) {
    const key = `${endpointId} ${workflowId}`;
    const lane = lanes.get(key) ?? { workflowId, endpointId, count: 0 };
    lane.count += 1;
    lanes.set(key, lane);
  }
  return [...lanes.values()];
}

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

interface AcceptedPart {
  subjects: AcceptedSubject[];
  /** Of the whole ledger, how much was read so far: 0 to 1. */
  share: number;
}

const ledgerPagesSql = `
  select pg_relation_size('inbound_events') / current_setting('block_size')::int as pages`;

// By ranges of ctid: there is no index on the outcome, as it would make each change of it one more write.
const acceptedSql = `
  select subject as "workflowId", array_agg(id::text order by occurred_at) as ids
    from inbound_events
   where ctid >= $2::tid and ctid < $3::tid
     and outcome = 'accepted' and received_at < now() - make_interval(secs => $1 / 1000.0)
   group by subject order by min(received_at)`;

/**
 * Subjects with events accepted more than `olderThanMs` ago and not applied. Reads the whole ledger, not for requests,
 * a part at a time: a subject may be in several parts. @param pagesAtOnce of Postgres, 8 KiB each
 */
export async function* acceptedSubjects(
  db: Queryable,
  olderThanMs: number,
  pagesAtOnce = 4_096,
): AsyncGenerator<AcceptedPart> {
  const [ledger] = await db.query<{ pages: string }>(ledgerPagesSql);
  const pages = Number(ledger?.pages ?? 0);
  for (let from = 0; from < pages; from += pagesAtOnce) {
    const to = from + pagesAtOnce;
    const values = [olderThanMs, `(${from},0)`, `(${to},0)`];
    const subjects = await db.query<AcceptedSubject & Record<string, unknown>>(acceptedSql, values);
    yield { subjects, share: Math.min(1, to / pages) };
  }
}

/** Addresses of active endpoints that have one. */
export async function endpointUrls(db: Queryable, most: number): Promise<string[]> {
  const rows = await db.query<{ url: string }>(
    `select distinct url from endpoints
      where status = 'active' and deleted_at is null and kind = 'webhook' order by url limit $1`,
    [most],
  );
  return rows.map(({ url }) => url);
}
