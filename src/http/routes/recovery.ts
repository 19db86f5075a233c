import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { endpoints } from '../../db/endpoints.ts';
import { recovery } from '../../db/recovery.ts';
import type { RecoveryJob } from '../../db/recovery-jobs.ts';
import { ApiError } from '../../errors.ts';
import { partner } from '../access/access.ts';
import { moment, organizationPath, uuid, uuidOut } from '../schemas/fields.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { abandonedSince, filterOf, recoveryFields } from '../schemas/recovery-filter.ts';
import { toJson } from '../to-json.ts';
import { endpointPath, endpointUrl } from '../schemas/endpoint.ts';

const request = z.strictObject({ since: abandonedSince, ...recoveryFields }).meta({ id: 'Recovery' });

const started = z
  .object({
    count: z.int().meta({ description: 'How many deliveries it takes up' }),
    job_id: uuidOut.nullable().meta({ description: 'Null for a dry run' }),
  })
  .meta({ id: 'StartedRecovery' });

const job = z
  .object({
    id: uuidOut,
    endpoint_id: uuidOut,
    event: z.string().nullable().meta({ description: 'Of this type only; null: of every one' }),
    lead_id: uuidOut.nullable().meta({ description: 'Of this lead only; null: of every one' }),
    status: z.enum(['running', 'done']),
    count: z.int().nullable().meta({ description: 'How many deliveries it took up; null until it did' }),
    delivered: z.int(),
    abandoned: z.int().meta({ description: 'Abandoned again' }),
    created_at: moment,
    finished_at: moment.nullable(),
  })
  .meta({ id: 'RecoveryJob' });

/** Recovery of what was abandoned at an endpoint (spec section 5). */
export const recoveryRoutes =
  ({ reads, operations }: Pick<ApiDeps, 'reads' | 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = recovery(reads);

    app.post(
      `${endpointUrl}/recover`,
      call(partner, {
        errors: ['recovery_running'],
        tags: ['Endpoints'],
        summary: 'Send again all that was abandoned at an endpoint since a time',
        description:
          'But for what was skipped, or went with a deleted endpoint or an erased lead. Per lead in order, by the whole retry ' +
          'schedule, held while the endpoint is paused; one job per endpoint at a time.',
        params: endpointPath,
        body: request,
        response: { 202: started },
      }),
      async ({ params: { organizationId, endpointId }, body }, reply) => {
        const scope = { organizationId, endpointId, ...filterOf(body) };
        orNotFound(await endpoints(reads).get(organizationId, endpointId));
        if (body.dry_run === true) {
          return reply.code(202).send({ count: await repository.count(scope), job_id: null });
        }
        const begun = await operations.recover(scope);
        if (begun === null) throw await running(endpointId);
        return reply.code(202).send({ count: begun.count, job_id: begun.jobId });
      },
    );

    app.get(
      '/v1/organizations/:organizationId/jobs/:jobId',
      call(partner, {
        tags: ['Endpoints'],
        summary: 'Show how far a recovery is',
        params: organizationPath.extend({ jobId: uuid }),
        response: { 200: job },
      }),
      async ({ params: { organizationId, jobId } }) => {
        const found = orNotFound(await repository.get(organizationId, jobId));
        return presentJob(found);
      },
    );

    /** A caller that lost the first answer finds the job's id here. */
    async function running(endpointId: string): Promise<ApiError> {
      const id = await repository.runningAt(endpointId);
      return new ApiError('recovery_running', id === null ? undefined : `Job ${id} is running.`);
    }
  };

function presentJob({
  organization_id: _organizationId,
  since: _since,
  until: _until,
  abandoned,
  ...row
}: RecoveryJob) {
  const isDone = row.finished_at !== null;
  return {
    ...toJson(row),
    status: isDone ? ('done' as const) : ('running' as const),
    // A later recovery may have taken up what this one left abandoned.
    abandoned: isDone && row.count !== null ? row.count - row.delivered : abandoned,
  };
}
