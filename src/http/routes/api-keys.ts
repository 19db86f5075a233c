import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { apiKeys, createApiKey } from '../../db/api-keys.ts';
import { ApiError } from '../../errors.ts';
import { operatorOnly, partner, type Role } from '../access.ts';
import { moment, organizationPath, uuid, uuidOut } from '../fields.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiParts } from '../parts.ts';
import { bodyErrors, keyErrors, problems } from '../problem.ts';
import { wire } from '../wire.ts';

const apiKey = z
  .object({ id: uuidOut, role: z.enum(['ingest', 'organization']), created_at: moment })
  .meta({ id: 'ApiKey' });
const newApiKey = apiKey
  .extend({ key: z.string().meta({ description: 'Shown this once', example: 'sk_org_…' }) })
  .meta({ id: 'NewApiKey' });
const page = pageOf(apiKey).meta({ id: 'ApiKeyPage' });

/** The same three calls for an organization's keys and for the backends'. */
interface Kind {
  url: string;
  access: readonly Role[];
  whose: string;
  params: z.ZodObject;
  body: z.ZodType;
}

const organizationKeys: Kind = {
  url: '/v1/organizations/:organizationId/api-keys',
  access: partner,
  whose: "an organization's",
  params: organizationPath,
  // Null is what the framework makes of no body at all.
  body: z.strictObject({ role: z.literal('organization').optional() }).nullish(),
};
const backendKeys: Kind = {
  url: '/v1/api-keys',
  access: operatorOnly,
  whose: "a backend's",
  params: z.object({}),
  body: z.strictObject({ role: z.literal('ingest') }),
};

/** Null: the backends'. */
const ownerOf = (params: unknown): string | null => (params as { organizationId?: string }).organizationId ?? null;

/** Keys of organizations and backends. Kept as hashes; the key itself is in the answer that makes it, and nowhere else. */
export const apiKeyRoutes =
  ({ db }: Pick<ApiParts, 'db'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = apiKeys(db);

    for (const { url, access, whose, params, body } of [organizationKeys, backendKeys]) {
      app.post(
        url,
        {
          config: { access },
          schema: {
            tags: ['API keys'],
            summary: `Make ${whose} key`,
            params,
            body,
            response: { 201: newApiKey, ...problems(...keyErrors, ...bodyErrors, 'not_found', 'too_many_api_keys') },
          } satisfies FastifyZodOpenApiSchema,
        },
        async (request, reply) => {
          const created = await createApiKey(db, ownerOf(request.params));
          if (created === null) throw new ApiError('too_many_api_keys');
          return reply.code(201).send(wire(created));
        },
      );

      app.get(
        url,
        {
          config: { access },
          schema: {
            tags: ['API keys'],
            summary: `List ${whose} keys, oldest first`,
            params,
            querystring: z.strictObject(pageQuery),
            response: { 200: page, ...problems(...keyErrors, 'not_found') },
          } satisfies FastifyZodOpenApiSchema,
        },
        async (request) =>
          presentPage(await repository.list(ownerOf(request.params), pageRequest(request.query)), wire),
      );

      app.delete(
        `${url}/:keyId`,
        {
          config: { access },
          schema: {
            tags: ['API keys'],
            summary: `Delete ${whose} key: refused from then on`,
            params: params.extend({ keyId: uuid }),
            response: { 204: { description: 'Deleted' }, ...problems(...keyErrors, 'not_found') },
          } satisfies FastifyZodOpenApiSchema,
        },
        async (request, reply) => {
          const { keyId } = request.params as { keyId: string };
          if (!(await repository.delete(ownerOf(request.params), keyId))) throw new ApiError('not_found');
          return reply.code(204).send();
        },
      );
    }
  };
