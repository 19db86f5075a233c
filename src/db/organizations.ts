import type { Tier } from '../domain/lead.ts';
import { type Page, type PageRequest, queryPage } from './page.ts';
import type { Queryable } from './pool.ts';

export interface OrganizationRow {
  id: string;
  name: string | null;
  tier: Tier;
  notify: string[];
  created_at: Date;
  updated_at: Date;
}

/** What a PUT says; what it leaves out stays as it was. */
export interface OrganizationChange {
  name?: string | null | undefined;
  tier?: Tier | undefined;
  notify?: string[] | undefined;
}

const columns = 'id, name, tier, notify, created_at, updated_at';

export const organizations = (db: Queryable) => ({
  async exists(id: string): Promise<boolean> {
    return (await db.prepared('organization-exists', 'select 1 from organizations where id = $1', [id])).length > 0;
  },

  async get(id: string): Promise<OrganizationRow | null> {
    return (await db.query<OrganizationRow>(`select ${columns} from organizations where id = $1`, [id]))[0] ?? null;
  },

  /** Makes the organization, by default as `starter` without `notify`, or changes it. */
  async put(id: string, { name, tier, notify }: OrganizationChange): Promise<OrganizationRow> {
    const [row] = await db.query<OrganizationRow>(
      `insert into organizations as o (id, name, tier, notify) values ($1, $2, coalesce($3, 'starter'), coalesce($4, '{}'::text[]))
       on conflict (id) do update set
         name = case when $5 then excluded.name else o.name end,
         tier = coalesce($3, o.tier), notify = coalesce($4, o.notify), updated_at = now()
       returning ${columns}`,
      [id, name ?? null, tier ?? null, notify ?? null, name !== undefined],
    );
    if (row === undefined) throw new Error(`organization ${id} was not written`);
    return row;
  },

  /** Newest first; with `search` those whose name holds it or whose id begins with it. */
  list: (request: PageRequest, search?: string): Promise<Page<OrganizationRow>> =>
    queryPage<OrganizationRow>(
      db,
      {
        table: 'organizations',
        columns,
        ...(search !== undefined && {
          where: '(position(lower($1) in lower(name)) > 0 or starts_with(id::text, lower($1)))',
          values: [search],
        }),
        order: 'newest first',
      },
      request,
    ),
});
