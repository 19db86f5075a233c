import type { Wake } from '../domain/wake.ts';
import { behindLock } from './endpoint-lock.ts';
import { isFirst } from './lane-order.ts';
import { type Position, positionColumns } from './page.ts';
import type { Database, Queryable } from './pool.ts';

/** Where a walk over an endpoint's stopped lanes stands. */
export interface StoppedPosition {
  status: 'held' | 'retrying';
  /** Null: at its beginning. */
  after: Position | null;
}

export interface StoppedBatch {
  wakes: Wake[];
  /** Where the walk goes on; null: it is at its end, or the endpoint is paused again or deleted. */
  next: StoppedPosition | null;
}

export interface DeletedBatch {
  wakes: Wake[];
  /** Where the walk goes on; null: it is at its end. */
  next: Position | null;
}

export type ProbeChoice =
  | ({ kind: 'chosen'; deliveryId: string } & Wake)
  | { kind: 'nothing_held' }
  | { kind: 'passed' }
  | { kind: 'paused' };

interface LaneRow extends Record<string, unknown> {
  id: string;
  workflow_id: string;
  position_at: string;
  position_id: string;
}

const start: Position = { at: '-infinity', id: '00000000-0000-0000-0000-000000000000' };
const lane = `d.id, coalesce(d.runner, d.subject) as workflow_id, ${positionColumns('d.created_at', 'd.id')}`;

/**
 * Whether the resume of endpoint `p` puts an end to the wait of `d` for its retry: its last attempt was made before it. One
 * that failed since goes by its schedule.
 */
const isStopped = `(d.status <> 'retrying' or coalesce(d.attempt_started_at, d.created_at) < p.resumed_at)`;

// The oldest of each status that is the first of its lane: the first of an index that is sorted so, or one of the next.
const oldest = (status: string, preference: number): string =>
  `(select ${lane}, ${preference} as preference from deliveries d
     where d.endpoint_id = $1 and d.status = '${status}' and ${isFirst} order by d.created_at, d.id limit 1)`;
const firstSql = `
  select * from (${['held', 'retrying', 'delivering', 'pending'].map(oldest).join(' union all ')}) first
   order by preference limit 1`;

const byWorkflow = (endpointId: string, rows: readonly { workflow_id: string }[]): Wake[] =>
  [...new Set(rows.map((row) => row.workflow_id))].map((workflowId) => ({ workflowId, endpointId }));

const positionOf = (rows: readonly LaneRow[]): Position | null => {
  const last = rows.at(-1);
  return last === undefined ? null : { at: last.position_at, id: last.position_id };
};

/** What follows a resume or a deletion of an endpoint, in steps that take no longer however much waits there. */
export const resumes = (db: Database) => ({
  /**
   * Chooses the delivery that goes first after a resume, and keeps to it while it is unsettled. `passed`: it was delivered.
   * `paused`: there is no resume to go on with, since the endpoint was paused again, or deleted.
   */
  chooseProbe: (endpointId: string): Promise<ProbeChoice> =>
    behindLock(db, endpointId, async (tx) => {
      const [endpoint] = await tx.query<{ status: string | null; id: string; workflow_id: string }>(
        `select d.status, d.id, coalesce(d.runner, d.subject) as workflow_id
           from endpoints p left join deliveries d on d.id = p.probe_delivery_id
          where p.id = $1 and p.resume_phase = 'probe' and p.status = 'active' and p.deleted_at is null`,
        [endpointId],
      );
      if (endpoint === undefined) return { kind: 'paused' };
      if (endpoint.status === 'delivered') return { kind: 'passed' };
      const isUnsettled = endpoint.status !== null && endpoint.status !== 'abandoned';
      const [first] = isUnsettled ? [endpoint] : await tx.query<LaneRow>(firstSql, [endpointId]);
      if (first === undefined) return { kind: 'nothing_held' };
      await tx.execute('update endpoints set probe_delivery_id = $2 where id = $1', [endpointId, first.id]);
      await letGo(tx, [first.id]);
      return { kind: 'chosen', deliveryId: first.id, workflowId: first.workflow_id, endpointId };
    }),

  /**
   * Ends the probing. Behind the lock: an attempt that was held by the phase before has committed, so a walk begun after this
   * finds it, and none is held after it. A pause that came between is not touched.
   */
  beginDrain: (endpointId: string): Promise<void> =>
    behindLock(db, endpointId, async (tx) => {
      await tx.execute(
        `update endpoints set resume_phase = 'drain', probe_delivery_id = null
          where id = $1 and resume_phase = 'probe' and status = 'active'`,
        [endpointId],
      );
    }),

  /** How many of the lanes up to a position of the walk have not asked yet, `limit` for all that are more. */
  async heldUpTo(endpointId: string, { at, id }: Position, limit: number): Promise<number> {
    const [row] = await db.query<{ count: number }>(
      `select count(*)::int as count from (
         select from deliveries d where d.endpoint_id = $1 and d.status = 'held' and d.status not in ('delivered', 'abandoned')
            and (d.created_at, d.id) <= ($2::timestamptz, $3::uuid) limit $4) held`,
      [endpointId, at, id, limit],
    );
    return row?.count ?? 0;
  },

  /** The next lanes that the pause has stopped, oldest first, and lets them go: a lane that is told finds nothing in its way. */
  async nextStopped(endpointId: string, from: StoppedPosition | null, limit: number): Promise<StoppedBatch> {
    const position: StoppedPosition = from ?? { status: 'held', after: null };
    const { at, id } = position.after ?? start;
    const rows = await db.query<LaneRow>(
      `select ${lane} from endpoints p join deliveries d on d.endpoint_id = p.id
        where p.id = $1 and p.status = 'active' and p.deleted_at is null
          and d.status = $2 and d.status not in ('delivered', 'abandoned') and ${isStopped}
          and (d.created_at, d.id) > ($3::timestamptz, $4::uuid)
        order by d.created_at, d.id limit $5`,
      [endpointId, position.status, at, id, limit],
    );
    const ids = rows.map((row) => row.id);
    if (position.status === 'retrying') await letGo(db, ids);
    const after = rows.length < limit ? null : positionOf(rows);
    const next: StoppedPosition | null =
      after !== null ? { ...position, after } : position.status === 'held' ? { status: 'retrying', after: null } : null;
    return { wakes: byWorkflow(endpointId, rows), next };
  },

  /** Ends a resume; a pause that came between is not touched. */
  endDrain: (endpointId: string): Promise<void> =>
    behindLock(db, endpointId, async (tx) => {
      await tx.execute(
        `update endpoints set resume_phase = null where id = $1 and resume_phase = 'drain' and status = 'active'`,
        [endpointId],
      );
    }),

  /** Abandons the next deliveries of a deleted endpoint, but for what is under way: that finishes and counts. Gives how many. */
  abandonDeleted: (endpointId: string, limit: number): Promise<number> =>
    db.execute(
      `update deliveries set status = 'abandoned', reason = 'endpoint_deleted', settled_at = now(), next_attempt_at = null
        where id in (select d.id from deliveries d join endpoints p on p.id = d.endpoint_id
                      where p.id = $1 and p.deleted_at is not null and d.status = any ('{pending,retrying,held}')
                        and d.status not in ('delivered', 'abandoned') limit $2 for update of d skip locked)`,
      [endpointId, limit],
    ),

  /** Empties the queue of a deleted endpoint. */
  clearQueue: (endpointId: string): Promise<number> =>
    db.execute('delete from endpoint_queue where endpoint_id = $1', [endpointId]),

  /** The next workflows that may wait for what was abandoned with its endpoint, newest first. */
  async nextDeleted(endpointId: string, after: Position | null, limit: number): Promise<DeletedBatch> {
    const rows = await db.query<LaneRow & { reason: string }>(
      `select ${lane}, d.reason from deliveries d
        where d.endpoint_id = $1 and d.status = 'abandoned'
          and d.created_at <= $2::timestamptz and (d.created_at < $2::timestamptz or d.id > $3::uuid)
        order by d.created_at desc, d.id limit $4`,
      [endpointId, after?.at ?? 'infinity', after?.id ?? start.id, limit],
    );
    const deleted = rows.filter(({ reason }) => reason === 'endpoint_deleted');
    return { wakes: byWorkflow(endpointId, deleted), next: rows.length < limit ? null : positionOf(rows) };
  },
});

/** What waits for its retry since before the resume waits no longer. */
const letGo = (db: Queryable, deliveryIds: readonly string[]) =>
  db.execute(
    `update deliveries d set status = 'pending', next_attempt_at = null from endpoints p
      where d.id = any ($1) and p.id = d.endpoint_id and d.status = 'retrying' and ${isStopped}`,
    [deliveryIds],
  );

export type Resumes = ReturnType<typeof resumes>;
