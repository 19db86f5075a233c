import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { createEndpoint, endpoints } from '../../db/endpoints.ts';
import { ApiError, invalidBody } from '../../errors.ts';
import { checkEndpointUrl } from '../../webhooks/address-guard.ts';
import { newSecret } from '../../webhooks/secrets.ts';
import { secretContext } from '../../webhooks/signing-secrets.ts';
import { partner } from '../access/access.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import type { ZodApp } from '../app.ts';
import { orNotFound } from '../or-not-found.ts';
import {
  endpointPath,
  endpointSchema,
  endpointsUrl,
  endpointUrl,
  maxInFlight,
  newSecretSchema,
  rateLimit,
} from '../schemas/endpoint.ts';
import { eventName, withRequired } from '../schemas/event-choice.ts';
import { organizationPath, text } from '../schemas/fields.ts';
import { toJson } from '../to-json.ts';

const url = text(2048).meta({
  description: 'https, at a public address; blanks around it are cut, and it is stored as URL parsers write it',
  example: 'https://crm.example.com/webhooks/spark360',
});
const description = text(500).nullable();
const events = z
  .array(eventName)
  .max(20, { error: 'expected at most 20 events' })
  .meta({ description: '`lead.enriched` is always among them' });
const mode = z.enum(['prod', 'sandbox']);

const newEndpoint = endpointSchema.extend({ secret: newSecretSchema }).meta({ id: 'NewEndpoint' });

const creation = z
  .strictObject({
    url,
    events: events.optional(),
    mode: mode.optional(),
    description: description.optional(),
    max_in_flight: maxInFlight.optional(),
    rate_limit: rateLimit.optional(),
  })
  .meta({
    id: 'EndpointCreation',
    description: 'Without `events` the required ones only; `mode` is `prod` by default, and never changes',
  });
const change = z
  .strictObject({
    url: url.optional(),
    events: events.optional(),
    description: description.optional(),
    max_in_flight: maxInFlight.optional(),
    rate_limit: rateLimit.optional(),
    // Named, so that the refusal can say why: a test must never start to land in a partner's CRM.
    mode: z.never({ error: 'the mode of an endpoint does not change' }).optional(),
  })
  .meta({ id: 'EndpointChange', description: 'What is left out stays as it was' });

type ChangeDeps = Pick<ApiDeps, 'db' | 'keyRing' | 'config'>;

/** Subscribing an endpoint and changing what is subscribed (spec section 4). */
export const endpointChangeRoutes =
  (deps: ChangeDeps): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    addCreation(app, deps);
    addChange(app, deps);
  };

function addCreation(app: ZodApp, { db, keyRing, config }: ChangeDeps): void {
  app.post(
    endpointsUrl,
    call(partner, {
      errors: ['too_many_endpoints'],
      tags: ['Endpoints'],
      summary: 'Subscribe an endpoint',
      params: organizationPath,
      body: creation,
      response: { 201: newEndpoint },
    }),
    async ({ params, body }, reply) => {
      const id = randomUUID();
      const secret = newSecret();
      const created = {
        id,
        url: await urlToStore(body.url, config),
        description: body.description ?? null,
        events: withRequired(body.events ?? []),
        mode: body.mode ?? 'prod',
        maxInFlight: body.max_in_flight ?? 16,
        rateLimit: body.rate_limit ?? null,
        secret: keyRing.seal(Buffer.from(secret), secretContext(id)),
      };
      const row = await createEndpoint(db, params.organizationId, created, config.maxEndpoints);
      if (row === null) throw new ApiError('too_many_endpoints');
      return reply.code(201).send({ ...toJson(row), secret });
    },
  );
}

function addChange(app: ZodApp, { db, config }: ChangeDeps): void {
  const repository = endpoints(db);
  app.patch(
    endpointUrl,
    call(partner, {
      tags: ['Endpoints'],
      summary: 'Change an endpoint',
      description:
        'The choice of events applies from the next emission on; the URL and both bounds from the next attempt on.',
      params: endpointPath,
      body: change,
      response: { 200: endpointSchema },
    }),
    async ({ params: { organizationId, endpointId }, body }) => {
      const former = orNotFound(await repository.get(organizationId, endpointId));
      if (body.url !== undefined && former.kind === 'listener')
        throw invalidBody([{ path: 'url', message: 'a listener has no address' }]);
      const row = await repository.change(organizationId, endpointId, {
        url: body.url === undefined ? undefined : await urlToStore(body.url, config),
        description: body.description,
        events: body.events === undefined ? undefined : withRequired(body.events),
        maxInFlight: body.max_in_flight,
        rateLimit: body.rate_limit,
      });
      return toJson(orNotFound(row));
    },
  );
}

/** The URL as URL parsers write it. @throws `invalid_body` for one that partners may not have */
async function urlToStore(url: string, { allowInsecureEndpoints }: ApiDeps['config']): Promise<string> {
  const check = await checkEndpointUrl(url, { allowLoopback: allowInsecureEndpoints === 'loopback' });
  if (!check.ok) throw invalidBody([{ path: 'url', message: check.message }]);
  return check.url;
}
