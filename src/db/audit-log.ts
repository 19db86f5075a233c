import { type Page, type PageRequest, queryPage } from './page.ts';
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

/** The calls that changed something, with their callers. */
export const auditLog = (db: Queryable) => ({
  record: ({ organization_id, role, session_id, action, target, status_code }: AuditEntry): Promise<number> =>
    db.execute(
      `insert into audit_log (organization_id, role, session_id, action, target, status_code)
       values ($1, $2, $3, $4, $5, $6)`,
      [organization_id, role, session_id, action, JSON.stringify(target), status_code],
    ),

  /** Newest first, of an organization; null: of all, and of none. */
  list: (organizationId: string | null, request: PageRequest): Promise<Page<AuditRow>> =>
    queryPage<AuditRow>(
      db,
      {
        table: 'audit_log',
        columns,
        ...(organizationId !== null && { where: 'organization_id = $1', values: [organizationId] }),
        order: 'newest first',
        at: 'at',
      },
      request,
    ),
});
