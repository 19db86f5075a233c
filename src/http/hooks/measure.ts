import type { FastifyInstance } from 'fastify';
import type { ApiDeps } from '../api-deps.ts';

/**
 * Times every request by method, route pattern and status, and writes a line about it. Paths hold ids, so the pattern
 * is what is kept.
 */
export function measureRequests(app: FastifyInstance, { metrics, log }: Pick<ApiDeps, 'metrics' | 'log'>): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    const { method } = request;
    const status = reply.statusCode;
    metrics.httpDuration.observe({ method, route, status: String(status) }, reply.elapsedTime / 1_000);
    log.debug({ method, route, status, duration_ms: Math.round(reply.elapsedTime) }, 'request');
  });
}
