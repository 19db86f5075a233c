import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { auditLog } from '../../db/audit-log.ts';
import { ofOperator, ofOrganization, organizationIdOf } from '../access/scopes.ts';
import { moment, uuidOut } from '../schemas/fields.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { toJson } from '../to-json.ts';

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

const lists = [
  { ...ofOrganization, summary: 'List what was changed of an organization, newest first' },
  { ...ofOperator, summary: 'List what was changed, newest first' },
];

/** Changes with their callers, for the operator and for the organization they are about. */
export const auditLogRoutes =
  ({ reads }: Pick<ApiDeps, 'reads'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = auditLog(reads);
    for (const { prefix, access, summary, params } of lists) {
      app.get(
        `${prefix}/audit-log`,
        call(access, {
          tags: ['Audit'],
          summary,
          params,
          querystring: z.strictObject(pageQuery),
          response: { 200: page },
        }),
        async (request) =>
          presentPage(await repository.list(organizationIdOf(request.params), pageRequest(request.query)), toJson),
      );
    }
  };
