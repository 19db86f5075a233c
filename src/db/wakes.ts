import { lockEndpoint } from './endpoint-lock.ts';
import type { Database } from './pool.ts';

/** A workflow to be told that the lane of an endpoint may look again. */
export interface Wake {
  workflowId: string;
  endpointId: string;
}

/** A held delivery that was woken and is still held is woken again after this long (seconds): its signal may be lost. */
const wakeAgainSeconds = 30;

const toWakes = (endpointId: string, rows: { workflow_id: string }[]): Wake[] =>
  [...new Set(rows.map((row) => row.workflow_id))].map((workflowId) => ({ workflowId, endpointId }));

/** Who sleeps behind an endpoint, and whose turn it is. */
export const wakes = (db: Database) => ({
  /**
   * Those that may begin now that an attempt at the endpoint has ended, longest waiting first. Behind the lock: whoever
   * counted that attempt as under way, and so decided to wait, has committed and is found.
   */
  nextWaiting: (endpointId: string): Promise<Wake[]> =>
    db.tx(async (tx) => {
      await lockEndpoint(tx, endpointId);
      return toWakes(
        endpointId,
        await tx.prepared<{ workflow_id: string }>(
          'next-waiting',
          `update deliveries set waiting_since = null where id in (
             select id from deliveries where endpoint_id = $1 and waiting_since is not null order by waiting_since
              limit (select greatest(0, p.max_in_flight - (select count(*) from deliveries o where o.endpoint_id = $1 and o.status = 'delivering'))
                       from endpoints p where p.id = $1))
           returning coalesce(runner, subject) as workflow_id`,
          [endpointId],
        ),
      );
    }),

  /**
   * The next `limit` workflows with something held at the endpoint, oldest first, and how many deliveries are still held.
   * `paused` when there is nothing to wake: the endpoint was paused again, or deleted.
   */
  async nextHeld(endpointId: string, limit: number): Promise<{ wakes: Wake[]; held: number; paused: boolean }> {
    const [endpoint] = await db.query<{ open: boolean }>(
      `select status = 'active' and deleted_at is null as open from endpoints where id = $1`,
      [endpointId],
    );
    if (endpoint?.open !== true) return { wakes: [], held: 0, paused: true };
    const rows = await db.query<{ workflow_id: string }>(
      `with heads as (
         select coalesce(runner, subject) as workflow_id, min(created_at) as since from deliveries
          where endpoint_id = $1 and status = 'held'
            and (woken_at is null or woken_at < now() - make_interval(secs => ${wakeAgainSeconds}))
          group by 1 order by 2 limit $2),
       woken as (
         update deliveries d set woken_at = now() from heads h
          where d.endpoint_id = $1 and d.status = 'held' and coalesce(d.runner, d.subject) = h.workflow_id)
       select workflow_id from heads order by since`,
      [endpointId, limit],
    );
    const [left] = await db.query<{ held: number }>(
      `select count(*)::int as held from deliveries where endpoint_id = $1 and status = 'held'`,
      [endpointId],
    );
    return { wakes: toWakes(endpointId, rows), held: left?.held ?? 0, paused: false };
  },

  /**
   * Chooses the delivery that goes first after a resume: the oldest lane's head. `paused` when there is no resume to go on
   * with: the endpoint was paused again, or deleted.
   */
  async chooseProbe(
    endpointId: string,
  ): Promise<({ kind: 'chosen'; deliveryId: string } & Wake) | { kind: 'nothing_held' } | { kind: 'paused' }> {
    const [row] = await db.query<{ id: string | null; workflow_id: string }>(
      `with chosen as (
         select id, coalesce(runner, subject) as workflow_id from deliveries d
          where endpoint_id = $1 and status not in ('delivered', 'abandoned')
            and not exists (select from deliveries e
                             where e.endpoint_id = $1 and e.subject = d.subject and e.runner is not distinct from d.runner
                               and e.sequence < d.sequence and e.status not in ('delivered', 'abandoned'))
          order by created_at, id limit 1),
       marked as (
         update endpoints set probe_delivery_id = (select id from chosen)
          where id = $1 and resume_phase = 'probe' and deleted_at is null returning 1)
       select c.id, c.workflow_id from marked left join chosen c on true`,
      [endpointId],
    );
    if (row === undefined) return { kind: 'paused' };
    if (row.id === null) return { kind: 'nothing_held' };
    return { kind: 'chosen', deliveryId: row.id, workflowId: row.workflow_id, endpointId };
  },

  /**
   * Moves a resume on; a pause that came between is not touched. Behind the lock: whoever held a delivery by the phase
   * before has committed, so a scan begun after this finds it.
   */
  movePhase: (endpointId: string, from: 'probe' | 'drain', to: 'drain' | null): Promise<void> =>
    db.tx(async (tx) => {
      await lockEndpoint(tx, endpointId);
      await tx.execute(
        `update endpoints set resume_phase = $3, probe_delivery_id = null where id = $1 and resume_phase = $2 and status = 'active'`,
        [endpointId, from, to],
      );
    }),

  /** Workflows whose deliveries were abandoned with their endpoint, and that may sleep on them: each once. */
  async nextDeleted(endpointId: string, limit: number): Promise<Wake[]> {
    return toWakes(
      endpointId,
      await db.query<{ workflow_id: string }>(
        `with gone as (
           select coalesce(runner, subject) as workflow_id from deliveries
            where endpoint_id = $1 and status = 'abandoned' and reason = 'endpoint_deleted' and woken_at is null
            group by 1 limit $2)
         update deliveries d set woken_at = now() from gone g
          where d.endpoint_id = $1 and d.reason = 'endpoint_deleted' and d.woken_at is null
            and coalesce(d.runner, d.subject) = g.workflow_id
         returning g.workflow_id`,
        [endpointId, limit],
      ),
    );
  },
});

export type Wakes = ReturnType<typeof wakes>;
