import { type FastifyPluginAsyncZodOpenApi, validatorCompiler } from 'fastify-zod-openapi';
import { z } from 'zod';
import type { ApiErrorCode } from '../../errors.ts';
import { inboundEvent } from '../../schemas/inbound-events.ts';
import { backend } from '../access/access.ts';
import { asApiError } from '../hooks/error-handler.ts';
import { noQuery, uuidOut } from '../schemas/fields.ts';
import { acceptEvents, maxEventsPerRequest } from '../accept-events.ts';
import { maxBatchBytes } from '../hooks/json-body.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';

const accepted = z
  .object({
    accepted: z.array(
      z.object({
        id: uuidOut,
        workflow_id: z.string().meta({ example: 'lead/7b0f7f0c-9d57-4b43-8a1e-0f6f7f3c2a11/1c9d…' }),
        duplicate: z
          .boolean()
          .meta({ description: 'The id came before with the same content; it is not applied again' }),
      }),
    ),
  })
  .meta({ id: 'AcceptedEvents' });

const outcomes: Partial<Record<ApiErrorCode, string>> = {
  invalid_body: 'invalid',
  id_conflict: 'conflict',
  unavailable: 'unavailable',
};

const emptyQuery = validatorCompiler({ schema: noQuery, method: 'POST', url: '/v1/events', httpPart: 'querystring' });

/** Inbound events from the backend. */
export const eventRoutes =
  (deps: Pick<ApiDeps, 'db' | 'client' | 'metrics' | 'log'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const accept = acceptEvents(deps);
    app.post(
      '/v1/events',
      {
        ...call(backend, {
          errors: ['id_conflict'],
          audit: false,
          tags: ['Events'],
          summary: 'Hand over inbound events',
          description:
            'One event, or an array of up to 100. `202` means durable: from then on no crash of any part loses it. ' +
            'Events of one lead or widget are taken in array order. After a 503 a prefix may be applied: repeat with the same ids.',
          body: z.union([inboundEvent, z.array(inboundEvent).min(1).max(maxEventsPerRequest)]),
          response: { 202: accepted },
        }),
        bodyLimit: maxBatchBytes,
        // The events' own validation names every issue of every event; the schema here is for the documentation.
        validatorCompiler: ({ httpPart }) => (httpPart === 'body' ? (value: unknown) => ({ value }) : emptyQuery),
      },
      async (request, reply) => {
        const body: unknown = request.body;
        try {
          return await reply.code(202).send({ accepted: await accept(body) });
        } catch (error) {
          const outcome = outcomes[asApiError(error).code];
          if (outcome !== undefined) deps.metrics.inboundEvents.inc({ outcome }, Array.isArray(body) ? body.length : 1);
          throw error;
        }
      },
    );
  };
