import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { listeners } from '../../db/listeners.ts';
import { attemptErrorClasses } from '../../domain/outcome.ts';
import { ApiError } from '../../errors.ts';
import { partner } from '../access/access.ts';
import { text, uuid } from '../schemas/fields.ts';
import { ListenerStreams } from '../listener-streams.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import type { ZodApp } from '../app.ts';
import { endpointPath, endpointUrl } from '../schemas/endpoint.ts';

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

type RequestDeps = Pick<ApiDeps, 'db' | 'notifications' | 'operations' | 'log'>;

/** What a listener gets, and what it answers. */
export const listenerRequestRoutes =
  (deps: RequestDeps): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    addStream(app, deps);
    addAnswer(app, deps);
  };

function addStream(app: ZodApp, { db, notifications, operations, log }: RequestDeps): void {
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
    call(partner, {
      tags: ['Listeners'],
      summary: 'Stream the signed requests for a listener, each once',
      description:
        'Server-Sent Events `request` with `{id, headers, body}`. The stream opened last gets them. Renewing the lease is another call.',
      params: endpointPath,
      response: { 200: { description: 'Events', content: { 'text/event-stream': { schema: z.string() } } } },
    }),
    async ({ params: { organizationId, endpointId } }, reply) => {
      const begin = () => reply.hijack().raw;
      if (!(await streams.serve(organizationId, endpointId, begin))) throw new ApiError('not_found');
      return reply;
    },
  );
}

function addAnswer(app: ZodApp, { db }: RequestDeps): void {
  const repository = listeners(db);
  app.post(
    `${endpointUrl}/requests/:requestId`,
    call(partner, {
      audit: false,
      tags: ['Listeners'],
      summary: 'Give the answer of the local program to a request',
      params: endpointPath.extend({ requestId: uuid }),
      body: answer,
      response: { 204: { description: 'Taken as the outcome of the attempt' } },
    }),
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
}
