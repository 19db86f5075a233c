import { type Page, type PageRequest, type Positioned, positionColumns, toPage } from './page.ts';
import type { Queryable } from './pool.ts';

/** A recovery, as lists show it: how far it is costs a count, and is asked for one by one. */
export interface JobRow {
  id: string;
  organization_id: string;
  endpoint_id: string;
  since: Date;
  until: Date;
  count: number | null;
  created_at: Date;
  finished_at: Date | null;
}

export const jobs = (db: Queryable) => ({
  /** Newest first, of an organization; null: of all. */
  async list(organizationId: string | null, { limit, after }: PageRequest): Promise<Page<JobRow>> {
    const rows = await db.query<Positioned<JobRow>>(
      `select id, organization_id, endpoint_id, since, until, count, created_at, finished_at, ${positionColumns('created_at', 'id')}
         from recovery_jobs
        where ${organizationId === null ? '$1::uuid is null' : 'organization_id = $1'}
          and ($2::timestamptz is null or (created_at <= $2 and (created_at < $2 or id > $3::uuid)))
        order by created_at desc, id limit $4`,
      [organizationId, after?.at ?? null, after?.id ?? null, limit + 1],
    );
    return toPage<JobRow>(rows, limit);
  },
});
