import type { FastifyInstance, FastifyRequest } from 'fastify';
import { auditLog } from '../db/audit-log.ts';
import type { Queryable } from '../db/pool.ts';
import { isSafe } from './access/csrf.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False: calls of the route leave no audit row, although its method is unsafe. */
    audit?: false | undefined;
  }
}

/**
 * Leaves a row for every call that changed something (caller, call, time, ids), before its answer goes out. A backend's
 * calls are its everyday work and leave none. Where a row cannot be written, what was done stays: it is logged.
 */
export function auditCalls(app: FastifyInstance, db: Queryable): void {
  const log = auditLog(db);
  app.addHook('onSend', async (request, reply) => {
    const entry = reply.statusCode < 400 ? entryOf(request, reply.statusCode) : null;
    if (entry === null) return;
    await log
      .record(entry)
      .catch((error: unknown) => request.log.error({ err: error, action: entry.action }, 'no audit row'));
  });
}

function entryOf(request: FastifyRequest, statusCode: number) {
  const { principal, method, routeOptions } = request;
  if (principal === null || principal.role === 'ingest' || isSafe(method)) return null;
  if (routeOptions.config.audit === false || isDryRun(request.body)) return null;
  const target = request.params as Record<string, string>;
  return {
    organization_id: target.organizationId ?? (principal.role === 'organization' ? principal.organizationId : null),
    role: principal.role,
    session_id: principal.session?.id ?? null,
    action: `${method} ${routeOptions.url}`,
    target,
    status_code: statusCode,
  };
}

const isDryRun = (body: unknown): boolean => (body as { dry_run?: unknown } | null | undefined)?.dry_run === true;
