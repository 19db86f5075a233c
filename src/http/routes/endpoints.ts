import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { createEndpoint, endpoints } from '../../db/endpoints.ts';
import { listeners } from '../../db/listeners.ts';
import { ApiError, invalidBody } from '../../errors.ts';
import { checkEndpointUrl } from '../../webhooks/address-guard.ts';
import { newSecret } from '../../webhooks/secrets.ts';
import { secretContext } from '../../webhooks/signing-secrets.ts';
import { partner } from '../access.ts';
import { eventName, withRequired } from '../event-choice.ts';
import { organizationPath, text } from '../fields.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiParts } from '../parts.ts';
import { bodyErrors, keyErrors, problems } from '../problem.ts';
import { wire } from '../wire.ts';
import {
  endpointPath,
  endpointSchema,
  endpointsUrl,
  endpointUrl,
  maxInFlight,
  newSecretSchema,
  rateLimit,
} from '../wire-endpoint.ts';

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
    description: 'Without `events` the required ones only; `mode` is `prod` unless told, for good',
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

const tags = ['Endpoints'];

/** Subscriptions of an organization (spec section 4). */
export const endpointRoutes =
  ({
    db,
    keyRing,
    config,
    operations,
  }: Pick<ApiParts, 'db' | 'keyRing' | 'config' | 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = endpoints(db);
    const allowLoopback = config.allowInsecureEndpoints === 'loopback';
    /** The form to store. */
    const checkedUrl = async (value: string): Promise<string> => {
      const check = await checkEndpointUrl(value, { allowLoopback });
      if (!check.ok) throw invalidBody([{ path: 'url', message: check.message }]);
      return check.url;
    };

    app.post(
      endpointsUrl,
      {
        config: { access: partner },
        schema: {
          tags,
          summary: 'Subscribe an endpoint',
          params: organizationPath,
          body: creation,
          response: {
            201: newEndpoint,
            ...problems(...keyErrors, ...bodyErrors, 'not_found', 'too_many_endpoints'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params, body }, reply) => {
        const checked = await checkedUrl(body.url);
        const id = randomUUID();
        const secret = newSecret();
        const created = {
          id,
          url: checked,
          description: body.description ?? null,
          events: withRequired(body.events ?? []),
          mode: body.mode ?? 'prod',
          maxInFlight: body.max_in_flight ?? 16,
          rateLimit: body.rate_limit ?? null,
          secret: keyRing.seal(Buffer.from(secret), secretContext(id)),
        };
        const row = await createEndpoint(db, params.organizationId, created, config.maxEndpoints);
        if (row === null) throw new ApiError('too_many_endpoints');
        return reply.code(201).send({ ...wire(row), secret });
      },
    );

    app.get(
      endpointsUrl,
      {
        config: { access: partner },
        schema: {
          tags,
          summary: 'List endpoints, oldest first',
          params: organizationPath,
          querystring: z.strictObject(pageQuery),
          response: {
            200: pageOf(endpointSchema).meta({ id: 'EndpointPage' }),
            ...problems(...keyErrors, 'not_found'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params, query }) => presentPage(await repository.list(params.organizationId, pageRequest(query)), wire),
    );

    app.get(
      endpointUrl,
      {
        config: { access: partner },
        schema: {
          tags,
          summary: 'Show an endpoint',
          params: endpointPath,
          response: { 200: endpointSchema, ...problems(...keyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params }) => {
        const row = await repository.get(params.organizationId, params.endpointId);
        if (row === null) throw new ApiError('not_found');
        return wire(row);
      },
    );

    app.patch(
      endpointUrl,
      {
        config: { access: partner },
        schema: {
          tags,
          summary: 'Change an endpoint',
          description:
            'The choice of events applies from the next emission on; the URL and both bounds from the next attempt on.',
          params: endpointPath,
          body: change,
          response: { 200: endpointSchema, ...problems(...keyErrors, ...bodyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params, body }) => {
        const former = await repository.get(params.organizationId, params.endpointId);
        if (former === null) throw new ApiError('not_found');
        if (body.url !== undefined && former.kind === 'listener')
          throw invalidBody([{ path: 'url', message: 'a listener has no address' }]);
        const checked = body.url === undefined ? undefined : await checkedUrl(body.url);
        const row = await repository.change(params.organizationId, params.endpointId, {
          url: checked,
          description: body.description,
          events: body.events === undefined ? undefined : withRequired(body.events),
          maxInFlight: body.max_in_flight,
          rateLimit: body.rate_limit,
        });
        if (row === null) throw new ApiError('not_found');
        return wire(row);
      },
    );

    app.delete(
      endpointUrl,
      {
        config: { access: partner },
        schema: {
          tags,
          summary: 'Delete an endpoint: what is unsettled there is abandoned',
          params: endpointPath,
          response: { 204: { description: 'Deleted' }, ...problems(...keyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params }, reply) => {
        if ((await repository.get(params.organizationId, params.endpointId)) === null) throw new ApiError('not_found');
        await operations.remove(params.endpointId);
        await listeners(db).end(params.endpointId);
        return reply.code(204).send();
      },
    );
  };
