import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { listeners } from '../../db/listeners.ts';
import { attemptErrorClasses } from '../../domain/outcome.ts';
import { ApiError } from '../../errors.ts';
import { partner } from '../access.ts';
import { text, uuid } from '../fields.ts';
import { ListenerStreams } from '../listener-streams.ts';
import type { ApiParts } from '../parts.ts';
import { bodyErrors, keyErrors, problems } from '../problem.ts';
import { endpointPath, endpointUrl } from '../wire-endpoint.ts';

/** As much of a response's body as is kept of any attempt. */
const maxBody = 4_096;

const answer = z
  .strictObject({
    status_code: z.int().min(200).max(599).nullable().meta({ description: 'Null: the local program gave no response' }),
    retry_after: text(100).nullish(),
    body: z.string().max(maxBody).nullish().meta({ description: 'At most the first 4 KiB of the response body' }),
    error: z
      .strictObject({ class: z.enum(attemptErrorClasses).exclude(['blocked_address']), message: text(200) })
      .nullish(),
  })
  .refine(({ status_code, error }) => (status_code === null) === (error != null), {
    error: 'expected a status_code or an error',
    path: ['status_code'],
  })
  .meta({ id: 'ListenerAnswer' });

/** What a listener gets, and what it answers. */
export const listenerRequestRoutes =
  ({
    db,
    notifications,
    operations,
    log,
  }: Pick<ApiParts, 'db' | 'notifications' | 'operations' | 'log'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = listeners(db);
    const streams = new ListenerStreams({
      listeners: repository,
      notifications,
      onLost: async (endpointId) => {
        if (await repository.isLost(endpointId)) await operations.pause(endpointId, 'listener_lost');
      },
      onError: (error) => log.warn({ err: error }, 'a listener was not served'),
    });
    app.addHook('preClose', async () => streams.close());

    app.get(
      `${endpointUrl}/requests`,
      {
        config: { access: partner },
        schema: {
          tags: ['Listeners'],
          summary: 'Stream the signed requests for a listener, each once',
          description:
            'Server-Sent Events `request` with `{id, headers, body}`. The stream opened last gets them. Renewing the lease is another call.',
          params: endpointPath,
          response: {
            200: { description: 'Events', content: { 'text/event-stream': { schema: z.string() } } },
            ...problems(...keyErrors, 'not_found'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { organizationId, endpointId } }, reply) => {
        const begin = () => reply.hijack().raw;
        if (!(await streams.serve(organizationId, endpointId, begin))) throw new ApiError('not_found');
        return reply;
      },
    );

    app.post(
      `${endpointUrl}/requests/:requestId`,
      {
        config: { access: partner, audit: false },
        schema: {
          tags: ['Listeners'],
          summary: 'Give the answer of the local program to a request',
          params: endpointPath.extend({ requestId: uuid }),
          body: answer,
          response: {
            204: { description: 'Taken as the outcome of the attempt' },
            ...problems(...keyErrors, ...bodyErrors, 'not_found'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { organizationId, endpointId, requestId }, body }, reply) => {
        const taken = await repository.answer(organizationId, endpointId, requestId, {
          statusCode: body.status_code,
          retryAfter: body.retry_after ?? null,
          responseBody: body.body ?? (body.status_code === null ? null : ''),
          error: body.error ?? null,
        });
        if (!taken) throw new ApiError('not_found', 'No attempt waits for this answer any more.');
        return reply.code(204).send();
      },
    );
  };
