import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { endpointSecrets } from '../../db/endpoint-secrets.ts';
import { sampleBody, sampleIds } from '../../schemas/samples.ts';
import { signingSecrets } from '../../webhooks/signing-secrets.ts';
import { testRequest } from '../../webhooks/test-event.ts';
import { partner } from '../access/access.ts';
import { eventName } from '../schemas/event-choice.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { endpointPath, endpointUrl } from '../schemas/endpoint.ts';

const result = z
  .object({
    status_code: z.int().nullable().meta({ description: 'Null when no response arrived' }),
    body: z.string().nullable().meta({ description: 'At most the first 4 KiB of the response body' }),
    signature: z.string().meta({ description: 'The `X-Spark360-Signature` that was sent', example: 'sha256=…' }),
    duration_ms: z.int(),
    error: z
      .string()
      .nullable()
      .meta({ description: 'Null when a response arrived', example: 'connect: The connection was refused.' }),
  })
  .meta({ id: 'EndpointTest' });

const sample = z
  .strictObject({ event: eventName.optional().meta({ description: '`lead.enriched` by default' }) })
  .nullish()
  .meta({ id: 'EndpointTestRequest' });

/** "Test endpoint" (spec section 4): one real request, guarded and signed like any other, that counts for nothing. */
export const testEndpointRoutes =
  ({ db, keyRing, send }: Pick<ApiDeps, 'db' | 'keyRing' | 'send'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const secrets = endpointSecrets(db);
    app.post(
      `${endpointUrl}/test`,
      call(partner, {
        tags: ['Endpoints'],
        summary: 'Send a sample event now, and show how it was answered',
        description:
          'Carries `X-Spark360-Test: true`, sample ids and no sequence. It counts for nothing else, and goes to a paused endpoint too.',
        params: endpointPath,
        body: sample,
        response: { 200: result },
      }),
      async ({ params: { organizationId, endpointId }, body }) => {
        const event = body?.event ?? 'lead.enriched';
        const endpoint = orNotFound(await secrets.get(organizationId, endpointId));
        const now = Date.now();
        const eventId = sampleIds.event;
        const { request, signature } = testRequest({
          url: endpoint.url,
          body: sampleBody(event, { eventId, timestamp: new Date(now).toISOString(), organizationId }),
          event,
          eventId,
          deliveryId: sampleIds.delivery,
          secrets: signingSecrets(keyRing, endpoint, now),
          now,
        });
        const { statusCode, responseBody, durationMs, error } = await send(request);
        return {
          status_code: statusCode,
          body: responseBody,
          signature,
          duration_ms: Math.round(durationMs),
          error: error === null ? null : `${error.class}: ${error.message}`,
        };
      },
    );
  };
