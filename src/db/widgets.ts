import type { WidgetStatus } from '../domain/lead.ts';
import type { Queryable } from './pool.ts';

export interface WidgetRow {
  id: string;
  organization_id: string;
  version: string | null;
  name: string | null;
  status: WidgetStatus | null;
  /** Labels by source code: `{"03": "Instagram"}`. */
  sources: Record<string, string>;
  created_at: Date;
  updated_at: Date;
}

/** What a PUT says; what it leaves out stays as it was. */
export interface WidgetChange {
  version?: string | null | undefined;
  name?: string | null | undefined;
  status?: WidgetStatus | undefined;
  sources?: Record<string, string> | undefined;
}

const columns = 'id, organization_id, version, name, status, sources, created_at, updated_at';

export const widgets = (db: Queryable) => ({
  async get(organizationId: string, id: string): Promise<WidgetRow | null> {
    const rows = await db.query<WidgetRow>(`select ${columns} from widgets where id = $1 and organization_id = $2`, [
      id,
      organizationId,
    ]);
    return rows[0] ?? null;
  },

  /** Registers or changes a widget; never emits (spec section 2). Null when the id is another organization's. */
  async put(organizationId: string, id: string, change: WidgetChange): Promise<WidgetRow | null> {
    const { version, name, status, sources } = change;
    const rows = await db.query<WidgetRow>(
      `insert into widgets as w (id, organization_id, version, name, status, sources)
       values ($1, $2, $3, $4, $5, coalesce($6::jsonb, '{}'))
       on conflict (id) do update set
         version = case when $7 then excluded.version else w.version end,
         name = case when $8 then excluded.name else w.name end,
         status = coalesce($5, w.status), sources = coalesce($6::jsonb, w.sources), updated_at = now()
       where w.organization_id = $2
       returning ${columns}`,
      [
        id,
        organizationId,
        version ?? null,
        name ?? null,
        status ?? null,
        sources === undefined ? null : JSON.stringify(sources),
        version !== undefined,
        name !== undefined,
      ],
    );
    return rows[0] ?? null;
  },

  /** The organizations of those of `ids` that are registered. */
  async organizationsOf(ids: string[]): Promise<Map<string, string>> {
    const rows = await db.prepared<{ id: string; organization_id: string }>(
      'widget-organizations',
      'select id, organization_id from widgets where id = any ($1::uuid[])',
      [ids],
    );
    return new Map(rows.map(({ id, organization_id }) => [id, organization_id]));
  },
});
