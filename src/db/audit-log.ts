import { type Page, type PageRequest, type Positioned, positionColumns, toPage } from './page.ts';
import type { Queryable } from './pool.ts';

export interface AuditEntry {
  organization_id: string | null;
  role: 'operator' | 'organization';
  session_id: string | null;
  /** Method and pattern of the call: `POST /v1/organizations/:organizationId/endpoints/:endpointId/pause`. */
  action: string;
  /** The ids of the path, by their names. */
  target: Record<string, string>;
  status_code: number;
}

export interface AuditRow extends AuditEntry {
  id: string;
  at: Date;
}

const columns = 'id, at, organization_id, role, session_id, action, target, status_code';

/** Who changed what. */
export const auditLog = (db: Queryable) => ({
  record: ({ organization_id, role, session_id, action, target, status_code }: AuditEntry): Promise<number> =>
    db.execute(
      `insert into audit_log (organization_id, role, session_id, action, target, status_code)
       values ($1, $2, $3, $4, $5, $6)`,
      [organization_id, role, session_id, action, JSON.stringify(target), status_code],
    ),

  /** Newest first, of an organization; null: of all, and of none. */
  async list(organizationId: string | null, { limit, after }: PageRequest): Promise<Page<AuditRow>> {
    const rows = await db.query<Positioned<AuditRow>>(
      `select ${columns}, ${positionColumns('at', 'id')} from audit_log
        where ${organizationId === null ? '$1::uuid is null' : 'organization_id = $1'}
          ${after === null ? 'and $2::timestamptz is null and $3::uuid is null' : 'and at <= $2 and (at < $2 or id > $3)'}
        order by at desc, id limit $4`,
      [organizationId, after?.at ?? null, after?.id ?? null, limit + 1],
    );
    return toPage<AuditRow>(rows, limit);
  },
});
