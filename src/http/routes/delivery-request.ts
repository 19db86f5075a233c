import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { deliveries } from '../../db/deliveries.ts';
import { type DeliveryRequestRow, deliveryRequest } from '../../db/delivery-request.ts';
import { endpointSecrets } from '../../db/endpoint-secrets.ts';
import { ApiError } from '../../errors.ts';
import { signedHeaders } from '../../webhooks/sign.ts';
import { signingSecrets } from '../../webhooks/signing-secrets.ts';
import { partner } from '../access/access.ts';
import { organizationPath, uuid } from '../schemas/fields.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';

const schema = z
  .object({
    method: z.literal('POST'),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string().meta({ description: 'The exact bytes, as text' }),
    attempt: z.int().meta({ description: 'Its number' }),
  })
  .meta({ id: 'DeliveryRequest' });

/** The request of a delivery, byte for byte, with headers that verify. */
export const deliveryRequestRoutes =
  ({ db, keyRing }: Pick<ApiDeps, 'db' | 'keyRing'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const requests = deliveryRequest(db);
    const secrets = endpointSecrets(db);

    app.get(
      '/v1/organizations/:organizationId/deliveries/:deliveryId/request',
      call(partner, {
        errors: ['endpoint_deleted', 'lead_erased'],
        tags: ['Deliveries'],
        summary: 'The request of an attempt, or as it would be sent now',
        description:
          'With `attempt_id` as that attempt was sent; without, signed now, so that a verifier accepts its age. Signed with ' +
          'the secret that is valid now: after a rotation the signatures differ from those that were sent.',
        params: organizationPath.extend({ deliveryId: uuid }),
        querystring: z.strictObject({ attempt_id: uuid.optional() }),
        response: { 200: schema },
      }),
      async ({ params: { organizationId, deliveryId }, query }) => {
        const delivery = orNotFound(await deliveries(db).get(organizationId, deliveryId));
        if (delivery.body === null) throw new ApiError('lead_erased');
        const row = orNotFound(await requests.get(organizationId, deliveryId, query.attempt_id));
        const endpoint = await secrets.get(organizationId, delivery.endpoint_id);
        if (endpoint === null) throw new ApiError('endpoint_deleted');
        const now = Date.now();
        const attempt = query.attempt_id === undefined ? nextAttempt(row, now) : pastAttempt(row, now);
        const headers = signedHeaders({
          body: row.body,
          eventId: row.event_id,
          event: row.event,
          deliveryId: row.delivery_id,
          sequence: row.sequence,
          secrets: signingSecrets(keyRing, endpoint, now),
          ...attempt,
        });
        return { method: 'POST' as const, url: endpoint.url, headers, body: row.body, attempt: attempt.attempt };
      },
    );
  };

const seconds = (ms: number): number => Math.floor(ms / 1_000);

const pastAttempt = ({ attempt_id, number, started_at, resend }: DeliveryRequestRow, now: number) => ({
  attempt: number ?? 1,
  attemptId: attempt_id ?? randomUUID(),
  timestampSeconds: seconds(started_at?.getTime() ?? now),
  resend,
});

const nextAttempt = ({ number, is_settled }: DeliveryRequestRow, now: number) => ({
  attempt: (number ?? 0) + 1,
  attemptId: randomUUID(),
  timestampSeconds: seconds(now),
  resend: is_settled,
});
