import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { endpoints } from '../../db/endpoints.ts';
import { recovery } from '../../db/recovery.ts';
import { partner } from '../access/access.ts';
import { organizationPath, uuid, uuidOut } from '../schemas/fields.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { abandonedSince, filterOf, recoveryFields } from '../schemas/recovery-filter.ts';

const request = z
  .strictObject({
    endpoint_id: uuid.optional().meta({ description: 'Of this endpoint only; of all of them by default' }),
    since: abandonedSince.optional().meta({ description: 'Abandoned then or later; ever by default' }),
    ...recoveryFields,
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

/** Recovery of every abandoned delivery that a filter matches, at every endpoint: one job each. */
export const bulkRecoveryRoutes =
  ({ db, operations }: Pick<ApiDeps, 'db' | 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = recovery(db);

    app.post(
      '/v1/organizations/:organizationId/deliveries/recover',
      call(partner, {
        tags: ['Deliveries'],
        summary: 'Send again every abandoned delivery that a filter matches, at every endpoint',
        description:
          'As `recover` of each endpoint that has any. An endpoint where a recovery runs already is left alone.',
        params: organizationPath,
        body: request,
        response: { 202: answer },
      }),
      async ({ params: { organizationId }, body }, reply) => {
        const filter = filterOf(body);
        const found = [];
        for (const endpointId of await chosen(organizationId, body.endpoint_id)) {
          const scope = { organizationId, endpointId, ...filter };
          const count = await repository.count(scope);
          if (count === 0) continue;
          if (body.dry_run === true) {
            found.push({ endpoint_id: endpointId, count, status: 'counted' as const, job_id: null });
            continue;
          }
          const begun = await operations.recover(scope);
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
        const { rows } = await endpoints(db).list(organizationId, { limit: mostEndpoints, after: null });
        return rows.map(({ id }) => id);
      }
      orNotFound(await endpoints(db).get(organizationId, endpointId));
      return [endpointId];
    }
  };
