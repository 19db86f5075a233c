import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { type JobRow, jobs } from '../../db/jobs.ts';
import { operatorOnly, partner } from '../access.ts';
import { moment, organizationPath, uuidOut } from '../fields.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiParts } from '../parts.ts';
import { problems, readErrors } from '../problem.ts';
import { wire } from '../wire.ts';

const job = z
  .object({
    id: uuidOut,
    organization_id: uuidOut,
    endpoint_id: uuidOut,
    status: z.enum(['running', 'done']),
    count: z.int().nullable().meta({ description: 'How many deliveries it took up; null until it did' }),
    since: moment,
    until: moment,
    created_at: moment,
    finished_at: moment.nullable(),
  })
  .meta({ id: 'Job' });
const page = pageOf(job).meta({ id: 'JobPage' });

/** Recoveries, running and done. */
export const jobRoutes =
  ({ reads }: Pick<ApiParts, 'reads'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = jobs(reads);

    app.get(
      '/v1/organizations/:organizationId/jobs',
      {
        config: { access: partner },
        schema: {
          tags: ['Endpoints'],
          summary: 'List recoveries, newest first',
          params: organizationPath,
          querystring: z.strictObject(pageQuery),
          response: { 200: page, ...problems(...readErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params, query }) =>
        presentPage(await repository.list(params.organizationId, pageRequest(query)), present),
    );

    app.get(
      '/v1/jobs',
      {
        config: { access: operatorOnly },
        schema: {
          tags: ['Operation'],
          summary: 'List the recoveries of all organizations, newest first',
          querystring: z.strictObject(pageQuery),
          response: { 200: page, ...problems(...readErrors) },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ query }) => presentPage(await repository.list(null, pageRequest(query)), present),
    );
  };

const present = (row: JobRow) => ({
  ...wire(row),
  status: row.finished_at === null ? ('running' as const) : ('done' as const),
});
