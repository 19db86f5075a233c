import type { Wake } from '../domain/wake.ts';
import { abandon } from './abandon.ts';
import { type LaneRow, laneColumns, lanesOf } from './lane-order.ts';
import { beforeNewest, isOlder, nextPosition, type Position } from './page.ts';
import type { Database } from './pool.ts';

export interface DeletedBatch {
  wakes: Wake[];
  /** Where the walk goes on; null: it is at its end. */
  next: Position | null;
}

// What is under way finishes and counts.
const isLeft = `id in (
  select u.id from deliveries u join endpoints p on p.id = u.endpoint_id
   where p.id = $2 and p.deleted_at is not null and u.status = any ('{pending,retrying,held}')
     and u.status not in ('delivered', 'abandoned') limit $3 for update of u skip locked)`;

const abandonedSql = `
  select ${laneColumns}, d.reason from deliveries d
   where d.endpoint_id = $1 and d.status = 'abandoned' and ${isOlder('d.created_at', 'd.id', '$2', '$3')}
   order by d.created_at desc, d.id limit $4`;

/** What follows the deletion of an endpoint, in steps that take no longer however much waits there. */
export const endpointDeletion = (db: Database) => ({
  /** Abandons the next deliveries; gives how many. */
  abandonNext: (endpointId: string, limit: number): Promise<number> =>
    abandon(db, 'endpoint_deleted', isLeft, [endpointId, limit]),

  /** What was delivered by an attempt that had been given up for lost may be left in the queue. */
  clearQueue: (endpointId: string): Promise<number> =>
    db.execute('delete from endpoint_queue where endpoint_id = $1', [endpointId]),

  /** The next workflows that may wait for what was abandoned, newest first. */
  async nextAbandoned(endpointId: string, after: Position | null, limit: number): Promise<DeletedBatch> {
    const { at, id } = after ?? beforeNewest;
    const rows = await db.query<LaneRow & { reason: string }>(abandonedSql, [endpointId, at, id, limit]);
    const deleted = rows.filter(({ reason }) => reason === 'endpoint_deleted');
    return { wakes: lanesOf(endpointId, deleted), next: nextPosition(rows, limit) };
  },
});

export type EndpointDeletion = ReturnType<typeof endpointDeletion>;
