import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { partner } from '../access/access.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';

const policy = z
  .object({
    attempts: z.int().meta({ description: 'How many a delivery has', example: 5 }),
    retry_schedule_seconds: z.array(z.number()).meta({
      description: 'The wait after each failed attempt but the last, give or take a tenth',
      example: [60, 600],
    }),
  })
  .meta({ id: 'DeliveryPolicy' });

/** By which schedule deliveries are retried: the same at every endpoint. */
export const deliveryPolicyRoutes =
  ({ config: { retryScheduleMs } }: Pick<ApiDeps, 'config'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    app.get(
      '/v1/delivery-policy',
      call(partner, {
        tags: ['Deliveries'],
        summary: 'How often, and after which waits, a delivery is tried',
        response: { 200: policy },
      }),
      async () => ({
        attempts: retryScheduleMs.length + 1,
        retry_schedule_seconds: retryScheduleMs.map((ms) => ms / 1_000),
      }),
    );
  };
