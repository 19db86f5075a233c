import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { endpointSecrets } from '../../db/endpoint-secrets.ts';
import { createEndpoint, endpoints } from '../../db/endpoints.ts';
import { listeners } from '../../db/listeners.ts';
import { ApiError } from '../../errors.ts';
import { listenerUrl } from '../../listeners/url.ts';
import { newSecret } from '../../webhooks/secrets.ts';
import { secretContext } from '../../webhooks/signing-secrets.ts';
import { partner } from '../access/access.ts';
import { eventName, withRequired } from '../schemas/event-choice.ts';
import { organizationPath, text } from '../schemas/fields.ts';
import { leaseMs } from '../listener-streams.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import type { ZodApp } from '../app.ts';
import { orNotFound } from '../or-not-found.ts';
import { toJson } from '../to-json.ts';
import { endpointPath, endpointSchema, endpointUrl, endpointsUrl, newSecretSchema } from '../schemas/endpoint.ts';

const leaseSeconds = z.int().meta({ description: 'The endpoint is paused when it is not renewed for this long' });

const listenerCreation = z
  .strictObject({
    name: text(100).meta({
      description: 'Whose it is; one of the same name whose lease is over, or that ended its stream, is taken up again',
    }),
    events: z.array(eventName).max(100).optional(),
    mode: z.enum(['prod', 'sandbox']).optional(),
    secret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{43}=$/, { error: 'expected whsec_ and the base64 of 32 bytes' })
      .optional()
      .meta({ description: 'To sign with; a new one by default' }),
  })
  .meta({ id: 'ListenerCreation', description: '`mode` is `sandbox` by default' });

const newListener = endpointSchema
  .extend({ secret: newSecretSchema, lease_seconds: leaseSeconds })
  .meta({ id: 'NewListener' });

type ListenerDeps = Pick<ApiDeps, 'db' | 'keyRing' | 'config' | 'operations'>;

/** Endpoints whose requests a command line forwards to a local program, and the leases that keep them. */
export const listenerRoutes =
  (deps: ListenerDeps): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    addSubscription(app, deps);

    app.post(
      `${endpointUrl}/lease`,
      call(partner, {
        audit: false,
        tags: ['Listeners'],
        summary: "Renew a listener's lease; one that was paused because it was lost goes on",
        params: endpointPath,
        response: { 200: z.object({ lease_seconds: leaseSeconds }).meta({ id: 'Lease' }) },
      }),
      async ({ params: { organizationId, endpointId } }) => {
        await renewLease(deps, organizationId, endpointId);
        return { lease_seconds: leaseMs / 1_000 };
      },
    );
  };

function addSubscription(app: ZodApp, deps: ListenerDeps): void {
  const { db, keyRing } = deps;
  app.post(
    `${endpointsUrl}/listen`,
    call(partner, {
      errors: ['too_many_endpoints'],
      tags: ['Listeners'],
      summary: 'Subscribe a listener: an endpoint without an address, for as long as its lease is renewed',
      description: 'When its lease ends the endpoint is paused, and what is due there held. Delete it as any endpoint.',
      params: organizationPath,
      body: listenerCreation,
      response: { 201: newListener },
    }),
    async ({ params: { organizationId }, body }, reply) => {
      const { name, mode = 'sandbox', secret = newSecret() } = body;
      const lost = await listeners(db).findLost(organizationId, name, mode);
      const id = lost ?? randomUUID();
      const sealed = keyRing.seal(Buffer.from(secret), secretContext(id));
      const wanted = { id, name, mode, events: withRequired(body.events ?? []), sealed };
      if (lost === null) await create(deps, organizationId, wanted);
      else await takeUp(deps, organizationId, wanted);
      const row = orNotFound(await endpoints(db).get(organizationId, id));
      return reply.code(201).send({ ...toJson(row), secret, lease_seconds: leaseMs / 1_000 });
    },
  );
}

interface WantedListener {
  id: string;
  name: string;
  mode: 'prod' | 'sandbox';
  events: string[];
  sealed: Buffer;
}

/** @throws `too_many_endpoints` */
async function create({ db, config }: ListenerDeps, organizationId: string, wanted: WantedListener): Promise<void> {
  const { id, name, mode, events, sealed } = wanted;
  const bounds = { maxInFlight: 16, rateLimit: null };
  const created = { id, url: listenerUrl(id), description: name, events, mode, ...bounds, secret: sealed };
  if ((await createEndpoint(db, organizationId, created, config.maxEndpoints)) === null)
    throw new ApiError('too_many_endpoints');
  await listeners(db).begin(id, leaseMs);
}

/** Takes up again a listener that is gone, with the events and the secret that are wanted now. */
async function takeUp(deps: ListenerDeps, organizationId: string, { id, events, sealed }: WantedListener) {
  await endpoints(deps.db).change(organizationId, id, { events });
  await endpointSecrets(deps.db).rotate(organizationId, id, sealed, 0);
  await renewLease(deps, organizationId, id);
}

/** @throws `not_found` */
async function renewLease({ db, operations }: ListenerDeps, organizationId: string, endpointId: string): Promise<void> {
  const lease = orNotFound(await listeners(db).renew(organizationId, endpointId, leaseMs));
  if (lease.pausedReason === 'listener_lost') await operations.resume(endpointId);
}
