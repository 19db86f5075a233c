import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { exposition } from '../../telemetry/exposition.ts';
import { operatorOnly } from '../access.ts';
import type { ApiParts } from '../parts.ts';
import { keyErrors, problems } from '../problem.ts';

/** `/metrics` in Prometheus' text format: ours, joined with those of the Temporal SDK when it serves them in this process. */
export const metricsRoutes =
  ({ metrics, config, log }: Pick<ApiParts, 'metrics' | 'config' | 'log'>): FastifyPluginAsyncZodOpenApi =>
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
          .header('content-type', metrics.registry.contentType)
          .send(await exposition({ metrics, sdkMetricsAddress: config.sdkMetricsAddress, log })),
    );
  };
