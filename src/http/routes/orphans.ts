import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { operatorOnly } from '../access/access.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { moment, uuidOut } from '../schemas/fields.ts';
import { sharedFor } from '../shared-answer.ts';

/** How long callers share an answer (milliseconds): it costs a call to Temporal for each lane. */
const sharedMs = 10_000;

const lane = z
  .object({
    workflow_id: z.string(),
    organization_id: uuidOut,
    organization_name: z.string().nullable(),
    endpoint_id: uuidOut,
    lead_id: uuidOut.nullable().meta({ description: 'Null: of a widget' }),
    count: z.int().meta({ description: 'Deliveries, at least' }),
    since: moment.meta({ description: 'When the oldest of them was created' }),
  })
  .meta({ id: 'OrphanedLane' });

const answer = z
  .object({
    data: z.array(lane),
    next_cursor: z.null(),
    checked: z.int().meta({ description: 'Lanes that were looked at, the oldest' }),
    is_complete: z.boolean().meta({ description: 'False: there are more lanes than are looked at' }),
  })
  .meta({ id: 'Orphans' });

/** Unsettled deliveries that no workflow works, for the operator. */
export const orphanRoutes =
  ({ operations }: Pick<ApiDeps, 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const orphans = sharedFor(sharedMs, () => operations.orphans());

    app.get(
      '/v1/orphans',
      call(operatorOnly, {
        tags: ['Operation'],
        summary: 'Show unsettled deliveries that no workflow works, by lane',
        description:
          'Of the 200 oldest lanes with something unsettled for a minute. `spark360 doctor` looks at more, and `--fix` ' +
          'starts a workflow for each. The answer is at most ten seconds old.',
        response: { 200: answer },
      }),
      async () => {
        const { lanes, checked, isComplete } = await orphans();
        return { data: lanes.map(present), next_cursor: null, checked, is_complete: isComplete };
      },
    );
  };

const present = (given: Awaited<ReturnType<ApiDeps['operations']['orphans']>>['lanes'][number]) => ({
  workflow_id: given.workflowId,
  organization_id: given.organizationId,
  organization_name: given.organizationName,
  endpoint_id: given.endpointId,
  lead_id: given.leadId,
  count: given.count,
  since: given.since.toISOString(),
});
