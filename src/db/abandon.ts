import type { AbandonedReason } from '../domain/outcome.ts';
import type { Queryable } from './pool.ts';

/**
 * Abandons the unsettled deliveries `d` that `condition` finds (SQL, its parameters from $2 on): none keeps a due
 * time or a place in its endpoint's queue. Gives how many.
 */
export async function abandon(
  db: Queryable,
  reason: Extract<AbandonedReason, 'skipped' | 'endpoint_deleted' | 'lead_erased'>,
  condition: string,
  values: unknown[],
): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `with abandoned as (
       update deliveries d set status = 'abandoned', reason = $1, settled_at = now(), next_attempt_at = null
        where status not in ('delivered', 'abandoned') and ${condition} returning id
     ), unqueued as (
       delete from endpoint_queue where delivery_id in (select id from abandoned)
     )
     select count(*)::int as count from abandoned`,
    [reason, ...values],
  );
  return row?.count ?? 0;
}
