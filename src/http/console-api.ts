import type { FastifyPluginAsync } from 'fastify';
import { boundedReads } from './bounded-reads.ts';
import type { Callers } from './access/callers.ts';
import type { ApiDeps } from './api-deps.ts';
import { attentionRoutes } from './routes/attention.ts';
import { auditLogRoutes } from './routes/audit-log.ts';
import { bulkRecoveryRoutes } from './routes/bulk-recovery.ts';
import { consoleRoutes } from './routes/console.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { deliveryPolicyRoutes } from './routes/delivery-policy.ts';
import { deliveryRequestRoutes } from './routes/delivery-request.ts';
import { endpointHealthRoutes } from './routes/endpoint-health.ts';
import { jobRoutes } from './routes/jobs.ts';
import { orphanRoutes } from './routes/orphans.ts';
import { portalLinkRoutes } from './routes/portal-links.ts';
import { sessionListRoutes } from './routes/sessions.ts';
import { statisticsRoutes } from './routes/statistics.ts';
import { systemRoutes } from './routes/system.ts';
import type { SessionCookie } from './access/session-cookie.ts';

/** What the console needs beside the calls that programs make, and its files where they were built. */
export const consoleApi = (
  deps: ApiDeps & { callers: Callers; cookie: SessionCookie },
  version: string,
): FastifyPluginAsync[] => [
  boundedReads([
    statisticsRoutes(deps),
    attentionRoutes(deps),
    endpointHealthRoutes(deps),
    deliveryRequestRoutes(deps),
    jobRoutes(deps),
    auditLogRoutes(deps),
  ]),
  bulkRecoveryRoutes(deps),
  deliveryPolicyRoutes(deps),
  deadLetterRoutes(deps),
  orphanRoutes(deps),
  portalLinkRoutes(deps),
  sessionListRoutes(deps),
  systemRoutes(deps, version),
  ...(deps.consoleDir === undefined ? [] : [consoleRoutes(deps.consoleDir)]),
];
