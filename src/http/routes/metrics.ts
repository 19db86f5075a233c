import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { type ExpositionParts, exposition } from '../../telemetry/exposition.ts';
import { operatorOnly } from '../access.ts';
import { keyErrors, problems } from '../problem.ts';

type MetricsParts = Pick<ExpositionParts, 'metrics' | 'log'> & { config: Pick<ExpositionParts, 'sdkMetricsAddress'> };

/** `/metrics` in Prometheus' text format: ours, joined with those of the Temporal SDK when it serves them in this process. */
export const metricsRoutes =
  ({ config: { sdkMetricsAddress }, ...parts }: MetricsParts): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    app.get(
      '/metrics',
      {
        config: { access: operatorOnly },
        schema: {
          tags: ['Operation'],
          summary: 'Metrics for Prometheus',
          response: {
            200: { description: "Prometheus' text format", content: { 'text/plain': { schema: z.string() } } },
            ...problems(...keyErrors),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async (_request, reply) =>
        reply
          .header('content-type', parts.metrics.registry.contentType)
          .send(await exposition({ ...parts, sdkMetricsAddress })),
    );
  };
