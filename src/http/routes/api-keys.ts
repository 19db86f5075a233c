import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { apiKeys, createApiKey } from '../../db/api-keys.ts';
import { ApiError } from '../../errors.ts';
import { ofOperator, ofOrganization, organizationIdOf } from '../access/scopes.ts';
import { moment, uuid, uuidOut } from '../schemas/fields.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { toJson } from '../to-json.ts';

const apiKey = z
  .object({ id: uuidOut, role: z.enum(['ingest', 'organization']), created_at: moment })
  .meta({ id: 'ApiKey' });
const newApiKey = apiKey
  .extend({ key: z.string().meta({ description: 'Shown this once', example: 'sk_org_…' }) })
  .meta({ id: 'NewApiKey' });
const page = pageOf(apiKey).meta({ id: 'ApiKeyPage' });

/** The same three calls for an organization's keys and for the backends'. */
const kinds = [
  {
    ...ofOrganization,
    whose: "an organization's",
    // Null is what the framework makes of no body at all.
    body: z.strictObject({ role: z.literal('organization').optional() }).nullish(),
  },
  { ...ofOperator, whose: "a backend's", body: z.strictObject({ role: z.literal('ingest') }) },
];

/**
 * Keys of organizations and backends. Kept as hashes; the key itself is in the answer that makes it, and nowhere else.
 */
export const apiKeyRoutes =
  ({ db }: Pick<ApiDeps, 'db'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = apiKeys(db);

    for (const { prefix, access, whose, params, body } of kinds) {
      const url = `${prefix}/api-keys`;
      app.post(
        url,
        call(access, {
          errors: ['too_many_api_keys'],
          tags: ['API keys'],
          summary: `Make ${whose} key`,
          params,
          body,
          response: { 201: newApiKey },
        }),
        async (request, reply) => {
          const created = await createApiKey(db, organizationIdOf(request.params));
          if (created === null) throw new ApiError('too_many_api_keys');
          return reply.code(201).send(toJson(created));
        },
      );

      app.get(
        url,
        call(access, {
          tags: ['API keys'],
          summary: `List ${whose} keys, oldest first`,
          params,
          querystring: z.strictObject(pageQuery),
          response: { 200: page },
        }),
        async (request) =>
          presentPage(await repository.list(organizationIdOf(request.params), pageRequest(request.query)), toJson),
      );

      app.delete(
        `${url}/:keyId`,
        call(access, {
          tags: ['API keys'],
          summary: `Delete ${whose} key: refused from then on`,
          params: params.extend({ keyId: uuid }),
          response: { 204: { description: 'Deleted' } },
        }),
        async (request, reply) => {
          const { keyId } = request.params as { keyId: string };
          if (!(await repository.delete(organizationIdOf(request.params), keyId))) throw new ApiError('not_found');
          return reply.code(204).send();
        },
      );
    }
  };
