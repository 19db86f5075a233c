import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { auditLog } from '../../db/audit-log.ts';
import { operatorOnly, partner } from '../access.ts';
import { moment, organizationPath, uuidOut } from '../fields.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiParts } from '../parts.ts';
import { problems, readErrors } from '../problem.ts';
import { wire } from '../wire.ts';

const entry = z
  .object({
    id: uuidOut,
    at: moment,
    organization_id: uuidOut.nullable(),
    role: z.enum(['operator', 'organization']),
    session_id: uuidOut.nullable().meta({ description: 'Null: done with a key' }),
    action: z.string().meta({
      description: 'Method and pattern of the call',
      example: 'POST /v1/organizations/:organizationId/endpoints/:endpointId/pause',
    }),
    target: z.record(z.string(), z.string()).meta({ description: 'The ids of the path' }),
    status_code: z.int(),
  })
  .meta({ id: 'AuditEntry' });
const page = pageOf(entry).meta({ id: 'AuditPage' });

/** Who changed what, for the operator and for the organization it is about. */
export const auditLogRoutes =
  ({ reads }: Pick<ApiParts, 'reads'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = auditLog(reads);

    app.get(
      '/v1/organizations/:organizationId/audit-log',
      {
        config: { access: partner },
        schema: {
          tags: ['Audit'],
          summary: 'List what was changed of an organization, newest first',
          params: organizationPath,
          querystring: z.strictObject(pageQuery),
          response: { 200: page, ...problems(...readErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params, query }) => presentPage(await repository.list(params.organizationId, pageRequest(query)), wire),
    );

    app.get(
      '/v1/audit-log',
      {
        config: { access: operatorOnly },
        schema: {
          tags: ['Audit'],
          summary: 'List what was changed, newest first',
          querystring: z.strictObject(pageQuery),
          response: { 200: page, ...problems(...readErrors) },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ query }) => presentPage(await repository.list(null, pageRequest(query)), wire),
    );
  };
