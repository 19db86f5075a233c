import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { type ExpositionDeps, exposition } from '../../telemetry/exposition.ts';
import { operatorOnly } from '../access/access.ts';
import { call } from '../call.ts';

type MetricsDeps = Pick<ExpositionDeps, 'metrics' | 'log'> & { config: Pick<ExpositionDeps, 'sdkMetricsAddress'> };

/**
 * `/metrics` in Prometheus' text format:
 * ours, joined with those of the Temporal SDK when it serves them in this process.
 */
export const metricsRoutes =
  ({ config: { sdkMetricsAddress }, ...deps }: MetricsDeps): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    app.get(
      '/metrics',
      call(operatorOnly, {
        tags: ['Operation'],
        summary: 'Metrics for Prometheus',
        response: {
          200: { description: "Prometheus' text format", content: { 'text/plain': { schema: z.string() } } },
        },
      }),
      async (_request, reply) =>
        reply
          .header('content-type', deps.metrics.registry.contentType)
          .send(await exposition({ ...deps, sdkMetricsAddress })),
    );
  };
