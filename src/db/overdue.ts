import type { Wake } from '../domain/wake.ts';
import { isFirst, lanesOf, workflowOf } from './lane-order.ts';
import { beforeOldest, isNewer, nextPosition, type Position, type Positioned, positionColumns } from './page.ts';
import type { Queryable } from './pool.ts';

/** Where a walk over what is unsettled stands: at an endpoint, behind one of its deliveries. */
export interface OverduePosition {
  endpointId: string;
  /** Null: at the endpoint's beginning. */
  after: Position | null;
}

export interface OverdueBatch {
  wakes: Wake[];
  /** Null: every endpoint was walked. */
  next: OverduePosition | null;
}

type Row = Positioned<{ workflow_id: string; is_overdue: boolean }>;

/** A lane that runs has asked long before this (seconds after its time). */
const graceSeconds = 300;

// Of a lane only the first: the others wait for it. What is queued waits for its endpoint.
const isOverdue = `
  not exists (select from endpoint_queue q where q.delivery_id = d.id)
  and coalesce(d.next_attempt_at, d.attempt_started_at, d.created_at) < now() - interval '${graceSeconds} s'
  and ${isFirst}`;

/** Deliveries that no workflow seems to work at, though nothing stands in their way. */
export const overdue = (db: Queryable) => ({
  /** Looks at the next `limit` unsettled deliveries of the walk's endpoint, or goes on to the next endpoint. */
  async next({ endpointId, after }: OverduePosition, limit: number): Promise<OverdueBatch> {
    const { at, id } = after ?? beforeOldest;
    const rows = await db.query<Row>(
      `select d.workflow_id, d.is_overdue, ${positionColumns('d.created_at', 'd.id')} from (
         select d.id, d.created_at, ${workflowOf} as workflow_id, ${isOverdue} as is_overdue
           from deliveries d join endpoints p on p.id = d.endpoint_id
          where d.endpoint_id = $1 and d.status not in ('delivered', 'abandoned') and ${isNewer('d.created_at', 'd.id', '$2', '$3')}
            and p.status = 'active' and p.resume_phase is null and p.deleted_at is null
          order by d.created_at, d.id limit $4) d
        order by d.created_at, d.id`,
      [endpointId, at, id, limit],
    );
    const wakes = lanesOf(
      endpointId,
      rows.filter((row) => row.is_overdue),
    );
    const behind = nextPosition(rows, limit);
    if (behind !== null) return { wakes, next: { endpointId, after: behind } };
    const [following] = await db.query<{ id: string }>(
      `select id from endpoints where id > $1 and deleted_at is null and status = 'active' order by id limit 1`,
      [endpointId],
    );
    return { wakes, next: following === undefined ? null : { endpointId: following.id, after: null } };
  },
});

export type Overdue = ReturnType<typeof overdue>;

/** Before every endpoint. */
export const overdueStart: OverduePosition = { endpointId: beforeOldest.id, after: null };
