import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { partner } from '../access.ts';
import type { ApiParts } from '../parts.ts';
import { keyErrors, problems } from '../problem.ts';

const policy = z
  .object({
    attempts: z.int().meta({ description: 'How many a delivery has', example: 5 }),
    retry_schedule_seconds: z.array(z.number()).meta({
      description: 'The wait after each failed attempt but the last, give or take a tenth',
      example: [60, 600],
    }),
  })
  .meta({ id: 'DeliveryPolicy' });

/** By which schedule deliveries are retried: the same for everybody. */
export const deliveryPolicyRoutes =
  ({ config: { retryScheduleMs } }: Pick<ApiParts, 'config'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    app.get(
      '/v1/delivery-policy',
      {
        config: { access: partner },
        schema: {
          tags: ['Deliveries'],
          summary: 'How often, and after which waits, a delivery is tried',
          response: { 200: policy, ...problems(...keyErrors) },
        } satisfies FastifyZodOpenApiSchema,
      },
      async () => ({
        attempts: retryScheduleMs.length + 1,
        retry_schedule_seconds: retryScheduleMs.map((ms) => ms / 1_000),
      }),
    );
  };
