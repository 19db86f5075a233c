import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { deleteEndpoint, endpoints } from '../../db/endpoints.ts';
import { ApiError } from '../../errors.ts';
import { checkEndpointUrl } from '../../webhooks/address-guard.ts';
import { newSecret } from '../../webhooks/secrets.ts';
import { partner } from '../access.ts';
import { eventName, withRequired } from '../event-choice.ts';
import { moment, organizationPath, text, uuid, uuidOut } from '../fields.ts';
import { invalid } from '../intake/read-events.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiParts } from '../parts.ts';
import { bodyErrors, keyErrors, problems } from '../problem.ts';
import { wire } from '../wire.ts';

const url = text(2048).meta({
  description: 'https, at a public address',
  example: 'https://crm.example.com/webhooks/spark360',
});
const description = text(500).nullable();
const events = z.array(eventName).meta({ description: '`lead.enriched` is always among them' });
const mode = z.enum(['prod', 'sandbox']);

const endpointFields = {
  id: uuidOut,
  url: z.string(),
  description: z.string().nullable(),
  events: z.array(z.string()),
  mode,
  status: z.enum(['active', 'paused']),
  paused_reason: z.string().nullable(),
  created_at: moment,
  updated_at: moment,
};
const endpoint = z.object(endpointFields).meta({ id: 'Endpoint' });
const newEndpoint = z
  .object({
    ...endpointFields,
    secret: z.string().meta({ description: 'Signs the webhooks; shown this once', example: 'whsec_…' }),
  })
  .meta({ id: 'NewEndpoint' });

const creation = z
  .strictObject({ url, events: events.optional(), mode: mode.optional(), description: description.optional() })
  .meta({
    id: 'EndpointCreation',
    description: 'Without `events` the required ones only; `mode` is `prod` unless told, for good',
  });
const change = z
  .strictObject({
    url: url.optional(),
    events: events.optional(),
    description: description.optional(),
    // Named, so that the refusal can say why: a test must never start to land in a partner's CRM.
    mode: z.never({ error: 'the mode of an endpoint does not change' }).optional(),
  })
  .meta({ id: 'EndpointChange', description: 'What is left out stays as it was' });

const collection = '/v1/organizations/:organizationId/endpoints';
const item = `${collection}/:endpointId`;
const itemPath = organizationPath.extend({ endpointId: uuid });
const tags = ['Endpoints'];

/** Subscriptions of an organization (spec section 4). */
export const endpointRoutes =
  ({ db, keyRing, config }: Pick<ApiParts, 'db' | 'keyRing' | 'config'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = endpoints(db);
    const allowLoopback = config.allowInsecureEndpoints === 'loopback';
    const assertUrl = async (value: string): Promise<void> => {
      const check = await checkEndpointUrl(value, { allowLoopback });
      if (!check.ok) throw invalid([{ path: 'url', message: check.message }]);
    };

    app.post(
      collection,
      {
        config: { access: partner },
        schema: {
          tags,
          summary: 'Subscribe an endpoint',
          params: organizationPath,
          body: creation,
          response: { 201: newEndpoint, ...problems(...keyErrors, ...bodyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params, body }, reply) => {
        await assertUrl(body.url);
        const id = randomUUID();
        const secret = newSecret();
        const row = await repository.create(params.organizationId, {
          id,
          url: body.url,
          description: body.description ?? null,
          events: withRequired(body.events ?? []),
          mode: body.mode ?? 'prod',
          secret: keyRing.seal(Buffer.from(secret), `endpoint/${id}`),
        });
        return reply.code(201).send({ ...wire(row), secret });
      },
    );

    app.get(
      collection,
      {
        config: { access: partner },
        schema: {
          tags,
          summary: 'List endpoints, oldest first',
          params: organizationPath,
          querystring: z.strictObject(pageQuery),
          response: { 200: pageOf(endpoint).meta({ id: 'EndpointPage' }), ...problems(...keyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params, query }) => presentPage(await repository.list(params.organizationId, pageRequest(query)), wire),
    );

    app.get(
      item,
      {
        config: { access: partner },
        schema: {
          tags,
          summary: 'Show an endpoint',
          params: itemPath,
          response: { 200: endpoint, ...problems(...keyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params }) => {
        const row = await repository.get(params.organizationId, params.endpointId);
        if (row === null) throw new ApiError('not_found');
        return wire(row);
      },
    );

    app.patch(
      item,
      {
        config: { access: partner },
        schema: {
          tags,
          summary: 'Change an endpoint',
          description: 'The choice of events applies from the next emission on, the URL from the next attempt on.',
          params: itemPath,
          body: change,
          response: { 200: endpoint, ...problems(...keyErrors, ...bodyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params, body }) => {
        if ((await repository.get(params.organizationId, params.endpointId)) === null) throw new ApiError('not_found');
        if (body.url !== undefined) await assertUrl(body.url);
        const row = await repository.change(params.organizationId, params.endpointId, {
          url: body.url,
          description: body.description,
          events: body.events === undefined ? undefined : withRequired(body.events),
        });
        if (row === null) throw new ApiError('not_found');
        return wire(row);
      },
    );

    app.delete(
      item,
      {
        config: { access: partner },
        schema: {
          tags,
          summary: 'Delete an endpoint: what is unsettled there is abandoned',
          params: itemPath,
          response: { 204: { description: 'Deleted' }, ...problems(...keyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params }, reply) => {
        if (!(await deleteEndpoint(db, params.organizationId, params.endpointId))) throw new ApiError('not_found');
        return reply.code(204).send();
      },
    );
  };
