import type { FastifyPluginAsync } from 'fastify';
import { boundedReads } from './bounded-reads.ts';
import type { Callers } from './callers.ts';
import type { ApiParts } from './parts.ts';
import { attentionRoutes } from './routes/attention.ts';
import { auditLogRoutes } from './routes/audit-log.ts';
import { bulkRecoveryRoutes } from './routes/bulk-recovery.ts';
import { consoleRoutes } from './routes/console.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { deliveryPolicyRoutes } from './routes/delivery-policy.ts';
import { deliveryRequestRoutes } from './routes/delivery-request.ts';
import { endpointHealthRoutes } from './routes/endpoint-health.ts';
import { jobRoutes } from './routes/jobs.ts';
import { portalLinkRoutes } from './routes/portal-links.ts';
import { sessionListRoutes } from './routes/sessions.ts';
import { statisticsRoutes } from './routes/statistics.ts';
import { systemRoutes } from './routes/system.ts';
import type { SessionCookie } from './session-cookie.ts';

/** What the console needs beside the calls that programs make, and its files where they were built. */
export const consoleApi = (
  parts: ApiParts & { callers: Callers; cookie: SessionCookie },
  version: string,
): FastifyPluginAsync[] => [
  boundedReads([
    statisticsRoutes(parts),
    attentionRoutes(parts),
    endpointHealthRoutes(parts),
    deliveryRequestRoutes(parts),
    jobRoutes(parts),
    auditLogRoutes(parts),
  ]),
  bulkRecoveryRoutes(parts),
  deliveryPolicyRoutes(parts),
  deadLetterRoutes(parts),
  portalLinkRoutes(parts),
  sessionListRoutes(parts),
  systemRoutes(parts, version),
  ...(parts.consoleDir === undefined ? [] : [consoleRoutes(parts.consoleDir)]),
];
