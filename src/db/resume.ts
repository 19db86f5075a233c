import type { DeliveryStatus } from '../domain/outcome.ts';
import type { Wake } from '../domain/wake.ts';
import { behindLock } from './endpoint-lock.ts';
import { isFirst, type LaneRow, laneColumns, lanesOf, workflowOf } from './lane-order.ts';
import { beforeOldest, isNewer, nextPosition, type Position } from './page.ts';
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

interface ProbeRow {
  status: DeliveryStatus | null;
  id: string;
  workflow_id: string;
}

export type ProbeChoice =
  | ({ kind: 'chosen'; deliveryId: string } & Wake)
  | { kind: 'nothing_held' }
  | { kind: 'passed' }
  | { kind: 'paused' };

/**
 * Delivery `d` waits since before the resume of endpoint `p`: the resume ends its wait. A later
 * failure goes by its schedule.
 */
const isStopped = `(d.status <> 'retrying' or coalesce(d.attempt_started_at, d.created_at) < p.resumed_at)`;

// The oldest of each status that is the first of its lane: the first of an index that is sorted so, or one of the next.
const oldest = (status: string, preference: number): string =>
  `(select ${laneColumns}, ${preference} as preference from deliveries d
     where d.endpoint_id = $1 and d.status = '${status}' and ${isFirst} order by d.created_at, d.id limit 1)`;
const firstSql = `
  select * from (${['held', 'retrying', 'delivering', 'pending'].map(oldest).join(' union all ')}) first
   order by preference limit 1`;

const probeSql = `
  select d.status, d.id, ${workflowOf} as workflow_id
    from endpoints p left join deliveries d on d.id = p.probe_delivery_id
   where p.id = $1 and p.resume_phase = 'probe' and p.status = 'active' and p.deleted_at is null`;

const beginDrainSql = `
  update endpoints set resume_phase = 'drain', probe_delivery_id = null
   where id = $1 and resume_phase = 'probe' and status = 'active'`;

const endDrainSql = `
  update endpoints set resume_phase = null where id = $1 and resume_phase = 'drain' and status = 'active'`;

const heldSql = `
  select count(*)::int as count from (
    select from deliveries d where d.endpoint_id = $1 and d.status = 'held' and d.status not in ('delivered', 'abandoned')
       and (d.created_at, d.id) <= ($2::timestamptz, $3::uuid) limit $4) held`;

const stoppedSql = `
  select ${laneColumns} from endpoints p join deliveries d on d.endpoint_id = p.id
   where p.id = $1 and p.status = 'active' and p.deleted_at is null
     and d.status = $2 and d.status not in ('delivered', 'abandoned') and ${isStopped}
     and ${isNewer('d.created_at', 'd.id', '$3', '$4')}
   order by d.created_at, d.id limit $5`;

/** What follows a resume of an endpoint, in steps that take no longer however much waits there. */
export const resumes = (db: Database) => ({
  /**
   * Chooses the delivery that goes first after a resume, and keeps to it while it is unsettled. `passed`: it was
   * delivered. `paused`: the endpoint was paused again, or deleted.
   */
  chooseProbe: (endpointId: string): Promise<ProbeChoice> =>
    behindLock(db, endpointId, async (tx) => {
      const [endpoint] = await tx.query<ProbeRow>(probeSql, [endpointId]);
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
   * Ends the probing, unless the endpoint was paused again. Behind the lock: what the probe held back has
   * committed, so a walk that begins after this finds it, and nothing more is held.
   */
  beginDrain: (endpointId: string): Promise<void> =>
    behindLock(db, endpointId, async (tx) => {
      await tx.execute(beginDrainSql, [endpointId]);
    }),

  /** The number of lanes up to a position of the walk that have not asked yet, `limit` at most. */
  async heldUpTo(endpointId: string, { at, id }: Position, limit: number): Promise<number> {
    const [row] = await db.query<{ count: number }>(heldSql, [endpointId, at, id, limit]);
    return row?.count ?? 0;
  },

  /** The next lanes that the pause stopped, oldest first. Their retries are due from here on. */
  async nextStopped(endpointId: string, from: StoppedPosition | null, limit: number): Promise<StoppedBatch> {
    const position: StoppedPosition = from ?? { status: 'held', after: null };
    const { at, id } = position.after ?? beforeOldest;
    const rows = await db.query<LaneRow>(stoppedSql, [endpointId, position.status, at, id, limit]);
    const ids = rows.map((row) => row.id);
    if (position.status === 'retrying') await letGo(db, ids);
    const after = nextPosition(rows, limit);
    const next: StoppedPosition | null =
      after !== null ? { ...position, after } : position.status === 'held' ? { status: 'retrying', after: null } : null;
    return { wakes: lanesOf(endpointId, rows), next };
  },

  /** Ends a resume; a pause that came between is not touched. */
  endDrain: (endpointId: string): Promise<void> =>
    behindLock(db, endpointId, async (tx) => {
      await tx.execute(endDrainSql, [endpointId]);
    }),
});

/** Ends the wait of retries that failed before the resume. */
const letGo = (db: Queryable, deliveryIds: readonly string[]) =>
  db.execute(
    `update deliveries d set status = 'pending', next_attempt_at = null from endpoints p
      where d.id = any ($1) and p.id = d.endpoint_id and d.status = 'retrying' and ${isStopped}`,
    [deliveryIds],
  );

export type Resumes = ReturnType<typeof resumes>;
