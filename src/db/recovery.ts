import { beforeNewest, isOlder, nextPosition, type Position, type Positioned, positionColumns } from './page.ts';
import type { Database, Queryable } from './pool.ts';
import { type NewRecoveryJob, recoveryJobs } from './recovery-jobs.ts';
import { isInScope, type RecoveryScope, recoverableReasons } from './recovery-scope.ts';

export interface RecoveringDelivery {
  id: string;
  /** The number of its next attempt. */
  attempt: number;
}

/** Erasure takes the bytes also of what was abandoned before. */
const hasBody = 'exists (select from event_bodies b where b.event_id = deliveries.event_id)';

// An erasure has either gone before, and taken the bytes, or comes after, and finds what is taken up unsettled.
const lockLeadsSql = 'select from leads where subject = any ($1) order by subject for share';

const takeUpSql = `
  update deliveries set status = 'pending', reason = null, settled_at = null, skip_requested = false,
         attempts_before = attempt, recovery_job_id = $1::uuid,
         workflow_id = 'recovery/' || endpoint_id || '/' || $1::uuid || '/' || subject
   where id = any ($2) and status = 'abandoned' and reason = any ($3) and ${hasBody}`;

const subjectsSql = `
  select subject from deliveries where recovery_job_id = $1 and subject > $2 group by subject order by subject limit $3`;

const unsettledSql = `
  select id, case when status in ('pending', 'held') then attempt + 1 else attempt end as attempt from deliveries
   where recovery_job_id = $1 and subject = $2 and status not in ('delivered', 'abandoned') order by sequence`;

const firstUnsettledSql = `
  select subject from deliveries
   where recovery_job_id = $1 and subject >= $2 and status not in ('delivered', 'abandoned')
   order by subject limit 1`;

/** Recoveries, from the count of what would be sent again to the end of the job. */
export const recovery = (db: Database) => ({
  ...recoveryJobs(db),

  async count(scope: RecoveryScope): Promise<number> {
    const values: unknown[] = [];
    const [row] = await db.query<{ count: number }>(
      `select count(*)::int as count from deliveries where ${isInScope(scope, values)} and ${hasBody}`,
      values,
    );
    return row?.count ?? 0;
  },

  /**
   * Creates a job; null: one runs at the endpoint already. `start` makes it durable before this commits: if the
   * process dies in between, what was started creates the job again.
   */
  create: (job: NewRecoveryJob, start: () => Promise<unknown>): Promise<string | null> =>
    db.tx(async (tx) => {
      if (!(await recoveryJobs(tx).insert(job))) return null;
      await start();
      return job.id;
    }),

  /** The same for the workflow that was started for it; false when another one runs there by now. */
  async ensure(job: NewRecoveryJob): Promise<boolean> {
    return (await recoveryJobs(db).insert(job)) || (await recoveryJobs(db).exists(job.id));
  },

  /** Takes the next of a job's deliveries up. Gives where the next batch goes on; null: there is none. */
  takeUp: (jobId: string, after: Position | null, limit: number): Promise<Position | null> =>
    db.tx((tx) => takeUp(tx, jobId, after ?? beforeNewest, limit)),

  /** The next subjects of a job behind `after`, in the order of their names. */
  async subjects(jobId: string, after: string, limit: number): Promise<string[]> {
    return (await db.query<{ subject: string }>(subjectsSql, [jobId, after, limit])).map((row) => row.subject);
  },

  /** What a job took up of one subject and is not settled, in order. */
  unsettledOf: (jobId: string, subject: string): Promise<RecoveringDelivery[]> =>
    db.query<RecoveringDelivery>(unsettledSql, [jobId, subject]),

  /** The first subject of a job, from `from` on, with something unsettled; null: none has. What is settled stays so. */
  async firstUnsettled(jobId: string, from: string): Promise<string | null> {
    const [row] = await db.query<{ subject: string }>(firstUnsettledSql, [jobId, from]);
    return row?.subject ?? null;
  },
});

/** Newest first: each is pending again, worked by a workflow per lead, with the schedule from its start. */
async function takeUp(tx: Queryable, jobId: string, { at, id }: Position, limit: number): Promise<Position | null> {
  const scope = await recoveryJobs(tx).scopeOf(jobId);
  if (scope === null) return null;
  const values: unknown[] = [at, id, limit];
  // The scope as values, not by a join: then the index gives the order, and a batch sorts nothing.
  const found = await tx.query<Positioned<{ id: string; subject: string }>>(
    `select id, subject, ${positionColumns('created_at', 'id')} from deliveries
      where ${isInScope(scope, values)} and ${isOlder('created_at', 'id', '$1', '$2')}
      order by created_at desc, id limit $3`,
    values,
  );
  await tx.query(lockLeadsSql, [found.map(({ subject }) => subject)]);
  const taken = await tx.execute(takeUpSql, [jobId, found.map((row) => row.id), recoverableReasons]);
  await tx.execute('update recovery_jobs set count = coalesce(count, 0) + $2 where id = $1', [jobId, taken]);
  return nextPosition(found, limit);
}

export type Recovery = ReturnType<typeof recovery>;
