import type { PausedReason } from '../domain/failing-policy.ts';
import type { DeliveryStatus } from '../domain/outcome.ts';
import type { Queryable } from './pool.ts';
import { workflowOf } from './lane-order.ts';
import { shownStatus } from './shown-status.ts';

export interface Backlog {
  /** Unsettled deliveries by status, with the age of the oldest; counted up to `mostCounted` together. */
  unsettled: Partial<Record<DeliveryStatus, { count: number; oldestSeconds: number }>>;
  /** Retries that were due more than a minute ago: their timer fired long since, or their workflow is gone. */
  overdueRetries: number;
  /** Pending or under way, and not behind a retry in their lane: they wait for the service alone. */
  readyDeliveries: number;
  /** Endpoints whose `max_in_flight` attempts are all under way. */
  saturatedEndpoints: number;
  pausedEndpoints: Partial<Record<PausedReason, number>>;
}

/** Counts end here: more is only "many". */
const mostCounted = 100_000;

const unsettledSql = `
  with unsettled as (
    select d.endpoint_id, ${workflowOf} as workflow, ${shownStatus} as status, d.created_at, d.next_attempt_at, p.max_in_flight
      from (select * from deliveries where status not in ('delivered', 'abandoned') limit ${mostCounted}) d
      join endpoints p on p.id = d.endpoint_id
  ), by_status as (
    select status, count(*)::int as count, greatest(0, extract(epoch from now() - min(created_at)))::float8 as "oldestSeconds"
      from unsettled where status <> 'abandoned' group by status
  ), ready as (
    select from unsettled u where status in ('pending', 'delivering') and not exists (
      select from unsettled r where r.status = 'retrying' and r.endpoint_id = u.endpoint_id and r.workflow = u.workflow)
  ), busy as (
    select endpoint_id, count(*) as under_way from unsettled where status = 'delivering' group by endpoint_id
  )
  select (select coalesce(json_object_agg(status, json_build_object('count', count, 'oldestSeconds', "oldestSeconds")), '{}')
            from by_status) as unsettled,
         (select count(*)::int from unsettled
           where status = 'retrying' and next_attempt_at < now() - interval '1 minute') as overdue,
         (select count(*)::int from ready) as ready,
         (select count(*)::int from busy b join endpoints p on p.id = b.endpoint_id
           where b.under_way >= p.max_in_flight) as saturated`;

/** What waits, read from partial indexes that hold nothing else. */
export async function backlog(db: Queryable): Promise<Backlog> {
  const [[counted], paused] = await Promise.all([
    db.query<{ unsettled: Backlog['unsettled']; overdue: number; ready: number; saturated: number }>(unsettledSql),
    db.query<{ reason: PausedReason; count: number }>(
      `select paused_reason as reason, count(*)::int as count from endpoints
        where status = 'paused' and deleted_at is null group by paused_reason`,
    ),
  ]);
  return {
    unsettled: counted?.unsettled ?? {},
    overdueRetries: counted?.overdue ?? 0,
    readyDeliveries: counted?.ready ?? 0,
    saturatedEndpoints: counted?.saturated ?? 0,
    pausedEndpoints: Object.fromEntries(paused.map(({ reason, count }) => [reason, count])),
  };
}
