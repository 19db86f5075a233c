import { type Page, type PageRequest, queryPage } from './page.ts';
import type { Queryable } from './pool.ts';
import type { RecoveryScope } from './recovery-scope.ts';

/** A recovery of what was abandoned at an endpoint. */
export interface RecoveryJobRow {
  id: string;
  organization_id: string;
  endpoint_id: string;
  /** Null: of every one. */
  event: string | null;
  lead_id: string | null;
  /** Null: ever. */
  since: Date | null;
  until: Date;
  /** Deliveries that it took up; null until it did. */
  count: number | null;
  created_at: Date;
  finished_at: Date | null;
}

/** With how far it is, which costs a count: lists do without. */
export interface RecoveryJob extends RecoveryJobRow {
  delivered: number;
  abandoned: number;
}

export interface NewRecoveryJob extends RecoveryScope {
  id: string;
}

const columns = 'id, organization_id, endpoint_id, event, lead_id, since, until, count, created_at, finished_at';

// Waits for one that is being created elsewhere: it is there afterwards, or it is not.
const insertSql = `
  insert into recovery_jobs (id, organization_id, endpoint_id, since, until, event, lead_id, created_since, created_until)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`;

// A delivery that was abandoned after the job was created is left alone.
const scopeSql = `
  select jsonb_strip_nulls(jsonb_build_object(
           'organizationId', organization_id, 'endpointId', endpoint_id, 'since', since, 'until', least(until, created_at),
           'event', event, 'leadId', lead_id, 'createdSince', created_since, 'createdUntil', created_until)) as scope
    from recovery_jobs where id = $1`;

const countOf = (status: 'delivered' | 'abandoned'): string =>
  `(select count(*)::int from deliveries d where d.recovery_job_id = recovery_jobs.id and d.status = '${status}') as ${status}`;
const getSql = `
  select ${columns}, ${countOf('delivered')}, ${countOf('abandoned')}
    from recovery_jobs where organization_id = $1 and id = $2`;

export const recoveryJobs = (db: Queryable) => ({
  /** False: one runs at the endpoint already, or this one is there. */
  async insert(job: NewRecoveryJob): Promise<boolean> {
    const { id, organizationId, endpointId, since, until, event, leadId, createdSince, createdUntil } = job;
    const narrowing = [event, leadId, createdSince, createdUntil];
    return (await db.execute(insertSql, [id, organizationId, endpointId, since, until, ...narrowing])) > 0;
  },

  /** What a job takes; null: there is no such job. */
  async scopeOf(id: string): Promise<RecoveryScope | null> {
    return (await db.query<{ scope: RecoveryScope }>(scopeSql, [id]))[0]?.scope ?? null;
  },

  async exists(id: string): Promise<boolean> {
    return (await db.query('select from recovery_jobs where id = $1', [id])).length > 0;
  },

  async get(organizationId: string, id: string): Promise<RecoveryJob | null> {
    return (await db.query<RecoveryJob>(getSql, [organizationId, id]))[0] ?? null;
  },

  /** The id of the job that runs at an endpoint; null: none does. */
  async runningAt(endpointId: string): Promise<string | null> {
    const [row] = await db.query<{ id: string }>(
      'select id from recovery_jobs where endpoint_id = $1 and finished_at is null',
      [endpointId],
    );
    return row?.id ?? null;
  },

  /** Newest first, of an organization and an endpoint; null: of all. */
  list(
    { organizationId, endpointId }: { organizationId: string | null; endpointId: string | null },
    request: PageRequest,
  ): Promise<Page<RecoveryJobRow>> {
    const chosen = Object.entries({ organization_id: organizationId, endpoint_id: endpointId }).filter(
      ([, id]) => id !== null,
    );
    return queryPage<RecoveryJobRow>(
      db,
      {
        table: 'recovery_jobs',
        columns,
        where: ['true', ...chosen.map(([column], index) => `${column} = $${index + 1}`)].join(' and '),
        values: chosen.map(([, id]) => id),
        order: 'newest first',
      },
      request,
    );
  },

  /** Ends a job; one that was ended stays as it is. */
  async finish(id: string): Promise<void> {
    await db.execute('update recovery_jobs set finished_at = now() where id = $1 and finished_at is null', [id]);
  },
});
