import type { DeliveryStatus } from '../domain/outcome.ts';
import type { Queryable } from './pool.ts';

export interface Backlog {
  /** Deliveries that are not settled, by status; counted up to `mostCounted` together. */
  unsettled: Partial<Record<DeliveryStatus, number>>;
  pausedEndpoints: number;
}

/** A number beyond this says no more: it is many. */
const mostCounted = 100_000;

/** What waits: each count is made of a partial index that holds nothing else. */
export async function backlog(db: Queryable): Promise<Backlog> {
  const [rows, [endpoints]] = await Promise.all([
    db.query<{ status: DeliveryStatus; count: number }>(
      `select status, count(*)::int as count
         from (select status from deliveries where status not in ('delivered', 'abandoned') limit ${mostCounted}) unsettled
        group by status`,
    ),
    db.query<{ count: number }>(
      `select count(*)::int as count from endpoints where status = 'paused' and deleted_at is null`,
    ),
  ]);
  return {
    unsettled: Object.fromEntries(rows.map(({ status, count }) => [status, count])),
    pausedEndpoints: endpoints?.count ?? 0,
  };
}
