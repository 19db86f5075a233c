import type { AbandonedReason } from '../domain/outcome.ts';
import { type Position, type Positioned, positionColumns } from './page.ts';
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

/** What was deleted, skipped or erased stays abandoned (spec section 5, recover). */
const recoverableReasons: AbandonedReason[] = ['rejected', 'gone', 'exhausted', 'blocked_address'];
/** Erasure takes the bytes also of what was abandoned before. */
const hasBody = 'exists (select from event_bodies b where b.event_id = deliveries.event_id)';
const firstId = '00000000-0000-0000-0000-000000000000';

type Batch = Positioned<{ id: string; subject: string }>;

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
      `select count(*)::int as count from deliveries
        where endpoint_id = $1 and status = 'abandoned' and reason = any ($4) and settled_at >= $2 and settled_at <= $3
          and ${hasBody}`,
      [endpointId, since, until, recoverableReasons],
    );
    return row?.count ?? 0;
  },

  /**
   * Creates a job, unless one runs at the endpoint already: null then. `start` makes it durable elsewhere before this commits:
   * a process that dies in between has started what creates the job again.
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

  /**
   * Takes the next of its deliveries up, newest first: they are unsettled again, each lead's by a workflow of its own, with the
   * schedule from its start. Gives where the next batch goes on; null: there is none. What is abandoned again since the job
   * was created is not taken up by it.
   */
  takeUp: (jobId: string, after: Position | null, limit: number): Promise<Position | null> =>
    db.tx(async (tx) => {
      const found = await tx.query<Batch>(
        `select d.id, d.subject, ${positionColumns('d.created_at', 'd.id')}
           from recovery_jobs j join deliveries d on d.endpoint_id = j.endpoint_id
          where j.id = $1 and d.status = 'abandoned' and d.reason = any ($5) and d.settled_at >= j.since
            and d.settled_at <= least(j.until, j.created_at)
            and d.created_at <= $2::timestamptz and (d.created_at < $2::timestamptz or d.id > $3::uuid)
          order by d.created_at desc, d.id limit $4`,
        [jobId, after?.at ?? 'infinity', after?.id ?? firstId, limit, recoverableReasons],
      );
      // An erasure has either gone before, and taken the bytes, or comes after, and finds what is taken up unsettled.
      await tx.query('select from leads where subject = any ($1) order by subject for share', [
        found.map(({ subject }) => subject),
      ]);
      const taken = await tx.execute(
        `update deliveries set status = 'pending', reason = null, settled_at = null, skip_requested = false,
                attempts_before = attempt, recovery_job_id = $1::uuid,
                runner = 'recovery/' || endpoint_id || '/' || $1::uuid || '/' || subject
          where id = any ($2) and status = 'abandoned' and reason = any ($3) and ${hasBody}`,
        [jobId, found.map(({ id }) => id), recoverableReasons],
      );
      await tx.execute('update recovery_jobs set count = coalesce(count, 0) + $2 where id = $1', [jobId, taken]);
      const last = found.length < limit ? undefined : found.at(-1);
      return last === undefined ? null : { at: last.position_at, id: last.position_id };
    }),

  /** The next subjects of a job behind `after`, in the order of their names. */
  async subjects(jobId: string, after: string, limit: number): Promise<string[]> {
    const rows = await db.query<{ subject: string }>(
      `select subject from deliveries where recovery_job_id = $1 and subject > $2 group by subject order by subject limit $3`,
      [jobId, after, limit],
    );
    return rows.map((row) => row.subject);
  },

  /** What a job took up of one subject and is not settled, in order. */
  unsettledOf: (jobId: string, subject: string): Promise<RecoveringDelivery[]> =>
    db.query<RecoveringDelivery>(
      `select id, case when status in ('pending', 'held') then attempt + 1 else attempt end as attempt from deliveries
        where recovery_job_id = $1 and subject = $2 and status not in ('delivered', 'abandoned') order by sequence`,
      [jobId, subject],
    ),

  /** The first subject of a job, from `from` on, with something unsettled; null: none has. What is settled stays so. */
  async firstUnsettled(jobId: string, from: string): Promise<string | null> {
    const [row] = await db.query<{ subject: string }>(
      `select subject from deliveries
        where recovery_job_id = $1 and subject >= $2 and status not in ('delivered', 'abandoned')
        order by subject limit 1`,
      [jobId, from],
    );
    return row?.subject ?? null;
  },

  /** Ends a job; one that was ended stays as it is. */
  async finish(jobId: string): Promise<void> {
    await db.execute('update recovery_jobs set finished_at = now() where id = $1 and finished_at is null', [jobId]);
  },
});

export type Recovery = ReturnType<typeof recovery>;
