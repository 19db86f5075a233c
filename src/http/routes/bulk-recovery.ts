import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { endpoints } from '../../db/endpoints.ts';
import { recovery } from '../../db/recovery.ts';
import { ApiError } from '../../errors.ts';
import { partner } from '../access.ts';
import { momentIn, organizationPath, uuid, uuidOut } from '../fields.ts';
import type { ApiParts } from '../parts.ts';
import { bodyErrors, keyErrors, problems } from '../problem.ts';
import { rangeOf } from '../recovery-range.ts';

const request = z
  .strictObject({
    endpoint_id: uuid.optional().meta({ description: 'Of this endpoint only; of every one, unless told' }),
    since: momentIn.meta({ description: 'Abandoned then or later' }),
    until: momentIn.optional().meta({ description: 'Abandoned then or earlier; now, unless told' }),
    dry_run: z.boolean().optional().meta({ description: 'Count only: nothing is sent', default: false }),
  })
  .meta({ id: 'BulkRecovery' });

const answer = z
  .object({
    count: z.int().meta({ description: 'How many deliveries in all' }),
    endpoints: z.array(
      z.object({
        endpoint_id: uuidOut,
        count: z.int(),
        status: z.enum(['counted', 'started', 'already_running']),
        job_id: uuidOut.nullable(),
      }),
    ),
  })
  .meta({ id: 'StartedBulkRecovery' });

/** How many endpoints an organization has at most. */
const mostEndpoints = 1_000;

/** Recovery of everything that was abandoned in a range of time, at every endpoint: one job each. */
export const bulkRecoveryRoutes =
  ({ db, operations }: Pick<ApiParts, 'db' | 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = recovery(db);
    const known = endpoints(db);

    app.post(
      '/v1/organizations/:organizationId/deliveries/recover',
      {
        config: { access: partner },
        schema: {
          tags: ['Deliveries'],
          summary: 'Send again all that was abandoned since a time, at every endpoint',
          description:
            'As `recover` of each endpoint that has any. An endpoint where a recovery runs already is left alone.',
          params: organizationPath,
          body: request,
          response: { 202: answer, ...problems(...keyErrors, ...bodyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { organizationId }, body }, reply) => {
        const { since, until } = rangeOf(body);
        const found = [];
        for (const endpointId of await chosen(organizationId, body.endpoint_id)) {
          const count = await repository.count(endpointId, since, until);
          if (count === 0) continue;
          if (body.dry_run === true) {
            found.push({ endpoint_id: endpointId, count, status: 'counted' as const, job_id: null });
            continue;
          }
          const begun = await operations.recover({ organizationId, endpointId, since, until });
          found.push({
            endpoint_id: endpointId,
            count: begun?.count ?? 0,
            status: begun === null ? ('already_running' as const) : ('started' as const),
            job_id: begun?.jobId ?? (await repository.runningAt(endpointId)),
          });
        }
        return reply.code(202).send({ count: found.reduce((sum, { count }) => sum + count, 0), endpoints: found });
      },
    );

    async function chosen(organizationId: string, endpointId: string | undefined): Promise<string[]> {
      if (endpointId === undefined) {
        const { rows } = await known.list(organizationId, { limit: mostEndpoints, after: null });
        return rows.map(({ id }) => id);
      }
      if ((await known.get(organizationId, endpointId)) === null) throw new ApiError('not_found');
      return [endpointId];
    }
  };
