import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { endpointSecrets } from '../../db/endpoint-secrets.ts';
import { createEndpoint, endpoints } from '../../db/endpoints.ts';
import { listeners } from '../../db/listeners.ts';
import { ApiError } from '../../errors.ts';
import { listenerUrl } from '../../listeners/url.ts';
import { newSecret } from '../../webhooks/secrets.ts';
import { secretContext } from '../../webhooks/signing-secrets.ts';
import { partner } from '../access.ts';
import { eventName, withRequired } from '../event-choice.ts';
import { organizationPath, text } from '../fields.ts';
import { leaseMs } from '../listener-streams.ts';
import type { ApiParts } from '../parts.ts';
import { bodyErrors, keyErrors, problems } from '../problem.ts';
import { wire } from '../wire.ts';
import { endpointPath, endpointSchema, endpointUrl, endpointsUrl, newSecretSchema } from '../wire-endpoint.ts';

const leaseSeconds = z.int().meta({ description: 'Renew it within so many seconds, or the endpoint is paused' });

const listenerCreation = z
  .strictObject({
    name: text(100).meta({ description: 'Whose it is; one of the same name whose lease is over is taken up again' }),
    events: z.array(eventName).max(100).optional(),
    mode: z.enum(['prod', 'sandbox']).optional(),
    secret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{43}=$/, { error: 'expected whsec_ and the base64 of 32 bytes' })
      .optional()
      .meta({ description: 'To sign with; a new one unless told' }),
  })
  .meta({ id: 'ListenerCreation', description: '`mode` is `sandbox` unless told' });

const newListener = endpointSchema
  .extend({ secret: newSecretSchema, lease_seconds: leaseSeconds })
  .meta({ id: 'NewListener' });

/** Endpoints whose requests a command line forwards to a local program, and the leases that keep them. */
export const listenerRoutes =
  ({
    db,
    keyRing,
    config,
    operations,
  }: Pick<ApiParts, 'db' | 'keyRing' | 'config' | 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = endpoints(db);
    const leases = listeners(db);

    app.post(
      `${endpointsUrl}/listen`,
      {
        config: { access: partner },
        schema: {
          tags: ['Listeners'],
          summary: 'Subscribe a listener: an endpoint without an address, for as long as its lease is renewed',
          description:
            'When its lease ends the endpoint is paused, and what is due there held. Delete it as any endpoint.',
          params: organizationPath,
          body: listenerCreation,
          response: {
            201: newListener,
            ...problems(...keyErrors, ...bodyErrors, 'not_found', 'too_many_endpoints'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { organizationId }, body }, reply) => {
        const { name, mode = 'sandbox', secret = newSecret() } = body;
        const events = withRequired(body.events ?? []);
        const lost = await leases.findLost(organizationId, name, mode);
        const id = lost ?? randomUUID();
        const sealed = keyRing.seal(Buffer.from(secret), secretContext(id));
        if (lost === null) {
          const bounds = { maxInFlight: 16, rateLimit: null };
          const created = { id, url: listenerUrl(id), description: name, events, mode, ...bounds, secret: sealed };
          if ((await createEndpoint(db, organizationId, created, config.maxEndpoints)) === null)
            throw new ApiError('too_many_endpoints');
          await leases.begin(id, leaseMs);
        } else {
          await repository.change(organizationId, id, { events });
          await endpointSecrets(db).rotate(organizationId, id, sealed, 0);
          await renew(organizationId, id);
        }
        const row = await repository.get(organizationId, id);
        if (row === null) throw new ApiError('not_found');
        return reply.code(201).send({ ...wire(row), secret, lease_seconds: leaseMs / 1_000 });
      },
    );

    app.post(
      `${endpointUrl}/lease`,
      {
        config: { access: partner, audit: false },
        schema: {
          tags: ['Listeners'],
          summary: "Renew a listener's lease; one that was paused because it was lost goes on",
          params: endpointPath,
          response: {
            200: z.object({ lease_seconds: leaseSeconds }).meta({ id: 'Lease' }),
            ...problems(...keyErrors, 'not_found'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { organizationId, endpointId } }) => {
        await renew(organizationId, endpointId);
        return { lease_seconds: leaseMs / 1_000 };
      },
    );

    /** @throws `not_found` */
    async function renew(organizationId: string, endpointId: string): Promise<void> {
      const lease = await leases.renew(organizationId, endpointId, leaseMs);
      if (lease === null) throw new ApiError('not_found');
      if (lease.pausedReason === 'listener_lost') await operations.resume(endpointId);
    }
  };
