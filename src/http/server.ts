import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { guardRoutes } from './access/access.ts';
import { createApp } from './app.ts';
import { auditCalls } from './audit.ts';
import { callers as identities } from './access/callers.ts';
import { consoleApi } from './console-api.ts';
import { documentErrors } from './openapi/document-errors.ts';
import { Draining } from './hooks/draining.ts';
import { noQuery } from './schemas/fields.ts';
import { readJsonBodies } from './hooks/json-body.ts';
import { measureRequests } from './hooks/measure.ts';
import { documentApi } from './openapi/openapi.ts';
import type { ApiDeps } from './api-deps.ts';
import { boundedReads } from './bounded-reads.ts';
import { drainRefusedBodies } from './hooks/drain-refused-body.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { codecRoutes } from './routes/codec.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { deliveryControlRoutes } from './routes/delivery-control.ts';
import { endpointChangeRoutes } from './routes/endpoint-changes.ts';
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
import { sessionCookie } from './access/session-cookie.ts';
import { traceRequests } from './trace.ts';
import { boundedDatabase, boundedOperations, intakeTimeoutMs } from './unavailable.ts';

/** As in package.json. */
const version = '0.1.0';

/** Builds the HTTP API (spec section 7) without listening: every route guarded, validated, documented and measured. */
export async function buildApi(given: ApiDeps, draining = new Draining()): Promise<FastifyInstance> {
  const deps: ApiDeps = {
    ...given,
    operations: boundedOperations(given.operations),
    db: boundedDatabase(given.db),
    reads: boundedDatabase(given.reads),
    outboxDb: boundedDatabase(given.outboxDb),
  };
  const app = createApp(deps.log, 'idle');
  draining.watch(app);
  readJsonBodies(app);
  drainRefusedBodies(app);
  const { adminApiKey, publicUrl, temporalUiUrl } = deps.config;
  const accessDb = boundedDatabase(given.db, intakeTimeoutMs);
  const callers = identities(accessDb, adminApiKey);
  const cookie = sessionCookie(publicUrl);
  guardRoutes(app, {
    db: accessDb,
    callers,
    cookie,
    publicUrl,
    temporalUiUrl,
    codecCapability: deps.codecCapability,
  });
  auditCalls(app, accessDb);
  measureRequests(app, deps);
  traceRequests(app, deps.requestTraces);
  refuseUnknownQueries(app);
  documentErrors(app);
  await documentApi(app, version, cookie.name);

  for (const routes of [
    eventRoutes(deps),
    organizationRoutes(deps),
    widgetRoutes(deps),
    apiKeyRoutes(deps),
    sessionRoutes({ ...deps, callers, cookie }),
    endpointChangeRoutes(deps),
    endpointRoutes(deps),
    endpointControlRoutes(deps),
    secretRoutes(deps),
    testEndpointRoutes(deps),
    boundedReads([recoveryRoutes(deps), deliveryRoutes(deps), leadRoutes(deps)]),
    listenerRoutes(deps),
    listenerRequestRoutes(deps),
    deliveryControlRoutes(deps),
    leadControlRoutes(deps),
    eventTypeRoutes,
    healthRoutes({ checks: checksOf(deps), log: deps.log }),
    metricsRoutes(deps),
    codecRoutes(deps),
    ...consoleApi({ ...deps, callers, cookie }, version),
  ]) {
    await app.register(routes);
  }
  return app;
}

export interface ListeningApi {
  url: string;
  /**
   * Says that it stops, for as long as a balancer needs to notice;
   * then stops accepting, and lets requests under way finish.
   */
  close(): Promise<void>;
}

/** Builds the API and listens; port 0 takes any free one. With `noticeMs` it says so for as long before it stops. */
export async function startApi(
  { config, ...deps }: ApiDeps & { config: { host: string; port: number } },
  { noticeMs = 0 }: { noticeMs?: number } = {},
): Promise<ListeningApi> {
  const draining = new Draining();
  const app = await buildApi({ config, ...deps }, draining);
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
const checksOf = ({ db, temporalReady }: Pick<ApiDeps, 'db' | 'temporalReady'>): Checks => ({
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
