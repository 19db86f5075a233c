import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { operatorOnly } from '../access.ts';
import type { ApiParts } from '../parts.ts';
import { keyErrors, problems } from '../problem.ts';

const sdkTimeoutMs = 1_000;

/** `/metrics` in Prometheus' text format: ours, joined with those of the Temporal SDK when it serves them in this process. */
export const metricsRoutes =
  ({ metrics, config, log }: Pick<ApiParts, 'metrics' | 'config' | 'log'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const ofSdk = async (): Promise<string> => {
      if (config.sdkMetricsAddress === undefined) return '';
      try {
        const response = await fetch(`http://${config.sdkMetricsAddress}/metrics`, {
          signal: AbortSignal.timeout(sdkTimeoutMs),
        });
        return response.ok ? await response.text() : '';
      } catch (error) {
        log.warn({ err: error }, 'no metrics from the Temporal SDK');
        return '';
      }
    };

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
      async (_request, reply) => {
        const [own, sdk] = await Promise.all([metrics.registry.metrics(), ofSdk()]);
        return reply.header('content-type', metrics.registry.contentType).send(`${own.trimEnd()}\n${sdk}`);
      },
    );
  };
