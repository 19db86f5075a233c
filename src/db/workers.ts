import type { Wake } from '../domain/wake.ts';
import type { Queryable } from './pool.ts';

/** A process that was not seen for this long is taken for dead (seconds). */
const deadAfterSeconds = 10;
/** Seen at shorter intervals than this, a process was there without a gap (seconds). */
const gapSeconds = 5;
/**
 * An attempt that was permitted longer ago may not be sent any more (milliseconds): the process may have been frozen,
 * and its attempts taken over. With the interval of the heartbeats it is well inside what it takes to be called dead.
 */
const permissionMs = 4_000;

/** A moment by both clocks of this process: one may stop while its machine is paused, the other may be set. */
export interface Moment {
  steadyMs: number;
  wallMs: number;
}

export const moment = (): Moment => ({ steadyMs: performance.now(), wallMs: Date.now() });

/** Whether an attempt that was permitted at `permittedAt` has to be asked for again. */
export const isExpired = (permittedAt: Moment, now = moment()): boolean =>
  Math.max(now.steadyMs - permittedAt.steadyMs, Math.abs(now.wallMs - permittedAt.wallMs)) > permissionMs;

/** Whether the process `id` (SQL) has been seen without a gap for as long as it takes to call another one dead. */
const mayJudge = (id: string): string =>
  `exists (select from workers me where me.id = ${id} and me.since < clock_timestamp() - interval '${deadAfterSeconds} s')`;

/**
 * Whether the process `id` (SQL) ended, or is dead,
 * as judged by the process `judge` (SQL): it has no attempt under way.
 */
export const isGone = (id: string, judge: string): string => `
  (not exists (select from workers w where w.id = ${id})
   or (not exists (select from workers w where w.id = ${id} and w.seen_at > clock_timestamp() - interval '${deadAfterSeconds} s')
       and ${mayJudge(judge)}))`;

/** Which processes live: those with attempts under way say so every two seconds. */
export const workers = (db: Queryable) => ({
  async seen(id: string): Promise<void> {
    await db.prepared(
      'seen',
      `insert into workers (id) values ($1) on conflict (id) do update set seen_at = clock_timestamp(),
         since = case when workers.seen_at > clock_timestamp() - interval '${gapSeconds} s' then workers.since else clock_timestamp() end`,
      [id],
    );
  },

  /** This process ends, and has nothing under way. */
  ended: (id: string) => db.execute('delete from workers where id = $1', [id]),

  /** Forgets processes that are dead, and gives the lanes whose attempts they had under way; null: none is dead. */
  async takeDead(judge: string): Promise<Wake[] | null> {
    const dead = await db.prepared<{ id: string }>(
      'take-dead',
      `delete from workers w where w.seen_at < clock_timestamp() - interval '${deadAfterSeconds} s' and ${mayJudge('$1')} returning w.id`,
      [judge],
    );
    if (dead.length === 0) return null;
    return db.query<Wake>(
      `select distinct coalesce(workflow_id, subject) as "workflowId", endpoint_id as "endpointId" from deliveries
        where status = 'delivering' and status not in ('delivered', 'abandoned') and attempt_owner = any ($1)`,
      [dead.map(({ id }) => id)],
    );
  },
});

export type Workers = ReturnType<typeof workers>;
