import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { guardRoutes } from './access.ts';
import { createApp } from './app.ts';
import { auditCalls } from './audit.ts';
import { callers as identities } from './callers.ts';
import { consoleApi } from './console-api.ts';
import { Draining } from './draining.ts';
import { noQuery } from './fields.ts';
import { readJsonBodies } from './json-body.ts';
import { measureRequests } from './measure.ts';
import { documentApi } from './openapi.ts';
import type { ApiParts } from './parts.ts';
import { boundedReads } from './bounded-reads.ts';
import { readOffRefusedBodies } from './read-off.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { codecRoutes } from './routes/codec.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { deliveryControlRoutes } from './routes/delivery-control.ts';
import { endpointControlRoutes } from './routes/endpoint-control.ts';
import { endpointRoutes } from './routes/endpoints.ts';
import { eventTypeRoutes } from './routes/event-types.ts';
import { eventRoutes } from './routes/events.ts';
import { type Checks, healthRoutes } from './routes/health.ts';
import { leadControlRoutes } from './routes/lead-control.ts';
import { leadRoutes } from './routes/leads.ts';
import { listenerRequestRoutes } from './routes/listener-requests.ts';
import { listenerRoutes } from './routes/listeners.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { organizationRoutes } from './routes/organizations.ts';
import { recoveryRoutes } from './routes/recovery.ts';
import { secretRoutes } from './routes/secrets.ts';
import { sessionRoutes } from './routes/session.ts';
import { testEndpointRoutes } from './routes/test-endpoint.ts';
import { widgetRoutes } from './routes/widgets.ts';
import { sessionCookie } from './session-cookie.ts';
import { traceRequests } from './trace.ts';
import { boundedDatabase, boundedOperations, intakeTimeoutMs } from './unavailable.ts';

/** As in package.json. */
const version = '0.1.0';

/** Builds the HTTP API (spec section 7) without listening: every route guarded, validated, documented and measured. */
export async function buildApi(given: ApiParts, draining = new Draining()): Promise<FastifyInstance> {
  const parts: ApiParts = {
    ...given,
    operations: boundedOperations(given.operations),
    db: boundedDatabase(given.db),
    reads: boundedDatabase(given.reads),
    outboxDb: boundedDatabase(given.outboxDb),
  };
  const app = createApp(parts.log, 'idle');
  draining.watch(app);
  readJsonBodies(app);
  readOffRefusedBodies(app);
  const { adminApiKey, publicUrl, temporalUiUrl } = parts.config;
  const accessDb = boundedDatabase(given.db, intakeTimeoutMs);
  const callers = identities(accessDb, adminApiKey);
  const cookie = sessionCookie(publicUrl);
  guardRoutes(app, {
    db: accessDb,
    callers,
    cookie,
    publicUrl,
    temporalUiUrl,
    codecCapability: parts.codecCapability,
  });
  auditCalls(app, accessDb);
  measureRequests(app, parts);
  traceRequests(app, parts.requestTraces);
  refuseUnknownQueries(app);
  await documentApi(app, version, cookie.name);

  for (const routes of [
    eventRoutes(parts),
    organizationRoutes(parts),
    widgetRoutes(parts),
    apiKeyRoutes(parts),
    sessionRoutes({ ...parts, callers, cookie }),
    endpointRoutes(parts),
    endpointControlRoutes(parts),
    secretRoutes(parts),
    testEndpointRoutes(parts),
    boundedReads([recoveryRoutes(parts), deliveryRoutes(parts), leadRoutes(parts)]),
    listenerRoutes(parts),
    listenerRequestRoutes(parts),
    deliveryControlRoutes(parts),
    leadControlRoutes(parts),
    eventTypeRoutes,
    healthRoutes({ checks: checksOf(parts), log: parts.log }),
    metricsRoutes(parts),
    codecRoutes(parts),
    ...consoleApi({ ...parts, callers, cookie }, version),
  ]) {
    await app.register(routes);
  }
  return app;
}

export interface ListeningApi {
  url: string;
  /** Says that it stops, for as long as a balancer needs to notice; then stops accepting, and lets requests under way finish. */
  close(): Promise<void>;
}

/** Builds the API and listens; port 0 takes any free one. With `noticeMs` it says so for as long before it stops. */
export async function startApi(
  { config, ...parts }: ApiParts & { config: { host: string; port: number } },
  { noticeMs = 0 }: { noticeMs?: number } = {},
): Promise<ListeningApi> {
  const draining = new Draining();
  const app = await buildApi({ config, ...parts }, draining);
  const url = await app.listen({ host: config.host, port: config.port });
  return {
    url,
    async close() {
      draining.begin();
      await sleep(noticeMs);
      await app.close();
    },
  };
}

/** What the API needs, for `/readyz`. */
const checksOf = ({ db, temporalReady }: Pick<ApiParts, 'db' | 'temporalReady'>): Checks => ({
  postgres: () => db.query('select 1'),
  temporal: temporalReady,
});

/** A route that names no query parameters has none: an unknown one is a 400 there too (spec section 7). */
function refuseUnknownQueries(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (!route.path.startsWith('/v1/')) return;
    route.schema = { querystring: noQuery, ...route.schema };
  });
}
