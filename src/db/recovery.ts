import { lockEndpoint } from './endpoint-lock.ts';
import type { Database } from './pool.ts';

/** A recovery of all that was abandoned at an endpoint in a range of time. */
export interface RecoveryJob {
  id: string;
  endpoint_id: string;
  since: Date;
  until: Date;
  /** Null until its deliveries are taken up. */
  count: number | null;
  delivered: number;
  abandoned: number;
  created_at: Date;
  finished_at: Date | null;
}

export interface RecoveringDelivery {
  id: string;
  /** The number of its next attempt. */
  attempt: number;
}

// What was deleted, skipped or erased stays abandoned (spec section 5, recover); erasure takes the bytes also of what was
// abandoned before.
const recoverable = `endpoint_id = $1 and status = 'abandoned' and reason in ('rejected', 'gone', 'exhausted', 'blocked_address')
   and settled_at >= $2 and settled_at <= $3 and exists (select from event_bodies b where b.event_id = deliveries.event_id)`;

export interface NewRecoveryJob {
  id: string;
  organizationId: string;
  endpointId: string;
  since: Date;
  until: Date;
}

// One that is being created elsewhere is waited for: it is there afterwards, or it is not.
const insertJobSql = `
  insert into recovery_jobs (id, organization_id, endpoint_id, since, until) values ($1, $2, $3, $4, $5) on conflict do nothing`;
const insertedValues = ({ id, organizationId, endpointId, since, until }: NewRecoveryJob): unknown[] => [
  id,
  organizationId,
  endpointId,
  since,
  until,
];

export const recovery = (db: Database) => ({
  async count(endpointId: string, since: Date, until: Date): Promise<number> {
    const [row] = await db.query<{ count: number }>(
      `select count(*)::int as count from deliveries where ${recoverable}`,
      [endpointId, since, until],
    );
    return row?.count ?? 0;
  },

  /**
   * Creates a job, unless one runs at the endpoint already: null then. `start` makes it durable elsewhere before this commits:
   * whoever dies in between has started what creates the job again.
   */
  create: (job: NewRecoveryJob, start: () => Promise<unknown>): Promise<string | null> =>
    db.tx(async (tx) => {
      const isNew = (await tx.execute(insertJobSql, insertedValues(job))) > 0;
      if (!isNew) return null;
      await start();
      return job.id;
    }),

  /** The same for the workflow that was started for it; false when another one runs there by now. */
  async ensure(job: NewRecoveryJob): Promise<boolean> {
    await db.execute(insertJobSql, insertedValues(job));
    return (await db.query('select 1 from recovery_jobs where id = $1', [job.id])).length > 0;
  },

  /** The id of the job that runs at an endpoint; null: none does. */
  async runningAt(endpointId: string): Promise<string | null> {
    const [row] = await db.query<{ id: string }>(
      'select id from recovery_jobs where endpoint_id = $1 and finished_at is null',
      [endpointId],
    );
    return row?.id ?? null;
  },

  async get(organizationId: string, id: string): Promise<RecoveryJob | null> {
    const [row] = await db.query<RecoveryJob>(
      `select j.id, j.endpoint_id, j.since, j.until, j.count, j.created_at, j.finished_at,
              (select count(*)::int from deliveries d where d.recovery_job_id = j.id and d.status = 'delivered') as delivered,
              (select count(*)::int from deliveries d where d.recovery_job_id = j.id and d.status = 'abandoned') as abandoned
         from recovery_jobs j where j.organization_id = $1 and j.id = $2`,
      [organizationId, id],
    );
    return row ?? null;
  },

  /** Takes its deliveries up, once: they are unsettled again, each lead's by a workflow of its own, with the schedule from its start. */
  takeUp: (jobId: string): Promise<void> =>
    db.tx(async (tx) => {
      const [job] = await tx.query<{ endpoint_id: string; since: Date; until: Date; count: number | null }>(
        'select endpoint_id, since, until, count from recovery_jobs where id = $1 for update',
        [jobId],
      );
      if (job === undefined || job.count !== null) return;
      // An erasure has either gone before, and taken the bytes, or comes after, and finds what is taken up unsettled.
      await tx.query(
        `select from leads where subject in (select subject from deliveries where ${recoverable}) order by subject for share`,
        [job.endpoint_id, job.since, job.until],
      );
      await lockEndpoint(tx, job.endpoint_id);
      const count = await tx.execute(
        `update deliveries set status = 'pending', reason = null, settled_at = null, skip_requested = false, woken_at = null, waiting_since = null,
                attempts_before = attempt, recovery_job_id = $4::uuid,
                runner = 'recovery/' || endpoint_id || '/' || $4::uuid || '/' || subject
          where ${recoverable}`,
        [job.endpoint_id, job.since, job.until, jobId],
      );
      await tx.execute('update recovery_jobs set count = $2 where id = $1', [jobId, count]);
    }),

  /** Subjects of a job, in the order of their oldest delivery, from behind `after` (a position given before). */
  async subjects(jobId: string, after: number, limit: number): Promise<string[]> {
    const rows = await db.query<{ subject: string }>(
      `select subject from deliveries where recovery_job_id = $1 group by subject order by min(created_at), subject offset $2 limit $3`,
      [jobId, after, limit],
    );
    return rows.map((row) => row.subject);
  },

  /** What a job took up of one subject and is not settled, in order. */
  unsettledOf: (jobId: string, subject: string): Promise<RecoveringDelivery[]> =>
    db.query<RecoveringDelivery>(
      `select id, attempt + 1 as attempt from deliveries
        where recovery_job_id = $1 and subject = $2 and status not in ('delivered', 'abandoned') order by sequence`,
      [jobId, subject],
    ),

  /** Ends a job when all of it is settled; false while something is not. */
  async finish(jobId: string): Promise<boolean> {
    await db.execute(
      `update recovery_jobs set finished_at = now() where id = $1 and finished_at is null
          and not exists (select from deliveries where recovery_job_id = $1 and status not in ('delivered', 'abandoned'))`,
      [jobId],
    );
    // Also one that was ended before, by whoever died before saying so.
    return (await db.query('select 1 from recovery_jobs where id = $1 and finished_at is null', [jobId])).length === 0;
  },
});

export type Recovery = ReturnType<typeof recovery>;
