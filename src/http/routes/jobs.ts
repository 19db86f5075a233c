import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { type RecoveryJobRow, recoveryJobs } from '../../db/recovery-jobs.ts';
import { ofOperator, ofOrganization, organizationIdOf } from '../access/scopes.ts';
import { moment, uuid, uuidOut } from '../schemas/fields.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { toJson } from '../to-json.ts';

const job = z
  .object({
    id: uuidOut,
    organization_id: uuidOut,
    endpoint_id: uuidOut,
    event: z.string().nullable().meta({ description: 'Of this type only; null: of every one' }),
    lead_id: uuidOut.nullable().meta({ description: 'Of this lead only; null: of every one' }),
    status: z.enum(['running', 'done']),
    count: z.int().nullable().meta({ description: 'How many deliveries it took up; null until it did' }),
    since: moment.nullable().meta({ description: 'Abandoned then or later; null: ever' }),
    until: moment,
    created_at: moment,
    finished_at: moment.nullable(),
  })
  .meta({ id: 'Job' });
const page = pageOf(job).meta({ id: 'JobPage' });

const filter = z.strictObject({
  ...pageQuery,
  endpoint_id: uuid.optional().meta({ description: 'Of this endpoint only' }),
});

const lists = [
  { ...ofOrganization, tag: 'Endpoints', summary: 'List recoveries, newest first' },
  { ...ofOperator, tag: 'Operation', summary: 'List the recoveries of all organizations, newest first' },
];

/** Recoveries, running and done. */
export const jobRoutes =
  ({ reads }: Pick<ApiDeps, 'reads'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = recoveryJobs(reads);
    for (const { prefix, access, tag, summary, params } of lists) {
      app.get(
        `${prefix}/jobs`,
        call(access, {
          tags: [tag],
          summary,
          params,
          querystring: filter,
          response: { 200: page },
        }),
        async ({ params: given, query }) => {
          const chosen = { organizationId: organizationIdOf(given), endpointId: query.endpoint_id ?? null };
          return presentPage(await repository.list(chosen, pageRequest(query)), present);
        },
      );
    }
  };

const present = (row: RecoveryJobRow) => ({
  ...toJson(row),
  status: row.finished_at === null ? ('running' as const) : ('done' as const),
});
