import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { endpoints } from '../../db/endpoints.ts';
import { type RecoveryJob, recovery } from '../../db/recovery.ts';
import { ApiError } from '../../errors.ts';
import { partner } from '../access.ts';
import { moment, momentIn, organizationPath, uuid, uuidOut } from '../fields.ts';
import type { ApiParts } from '../parts.ts';
import { bodyErrors, problems, readErrors } from '../problem.ts';
import { rangeOf } from '../recovery-range.ts';
import { wire } from '../wire.ts';
import { endpointPath, endpointUrl } from '../wire-endpoint.ts';

const request = z
  .strictObject({
    since: momentIn.meta({ description: 'Abandoned then or later' }),
    until: momentIn.optional().meta({ description: 'Abandoned then or earlier; now, unless told' }),
    dry_run: z.boolean().optional().meta({ description: 'Count only: nothing is sent', default: false }),
  })
  .meta({ id: 'Recovery' });

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
  ({ reads, operations }: Pick<ApiParts, 'reads' | 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = recovery(reads);
    const known = endpoints(reads);

    app.post(
      `${endpointUrl}/recover`,
      {
        config: { access: partner },
        schema: {
          tags: ['Endpoints'],
          summary: 'Send again all that was abandoned at an endpoint since a time',
          description:
            'But for what was skipped, or went with a deleted endpoint or an erased lead. Per lead in order, by the whole retry ' +
            'schedule, held while the endpoint is paused; one job per endpoint at a time.',
          params: endpointPath,
          body: request,
          response: {
            202: started,
            ...problems(...readErrors, ...bodyErrors, 'not_found', 'recovery_running'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { organizationId, endpointId }, body }, reply) => {
        const { since, until } = rangeOf(body);
        if ((await known.get(organizationId, endpointId)) === null) throw new ApiError('not_found');
        if (body.dry_run === true) {
          return reply.code(202).send({ count: await repository.count(endpointId, since, until), job_id: null });
        }
        const begun = await operations.recover({ organizationId, endpointId, since, until });
        if (begun === null) throw await running(endpointId);
        return reply.code(202).send({ count: begun.count, job_id: begun.jobId });
      },
    );

    app.get(
      '/v1/organizations/:organizationId/jobs/:jobId',
      {
        config: { access: partner },
        schema: {
          tags: ['Endpoints'],
          summary: 'Show how far a recovery is',
          params: organizationPath.extend({ jobId: uuid }),
          response: { 200: job, ...problems(...readErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { organizationId, jobId } }) => {
        const found = await repository.get(organizationId, jobId);
        if (found === null) throw new ApiError('not_found');
        return presentJob(found);
      },
    );

    /** A caller that lost the first answer finds the job's id here. */
    async function running(endpointId: string): Promise<ApiError> {
      const id = await repository.runningAt(endpointId);
      return new ApiError('recovery_running', id === null ? undefined : `Job ${id} is running.`);
    }
  };

function presentJob({ since: _since, until: _until, abandoned, ...row }: RecoveryJob) {
  const isDone = row.finished_at !== null;
  return {
    ...wire(row),
    status: isDone ? ('done' as const) : ('running' as const),
    // A later recovery may have taken up what this one left abandoned.
    abandoned: isDone && row.count !== null ? row.count - row.delivered : abandoned,
  };
}
