import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { type EndpointHealthRow, endpointHealth } from '../../db/endpoint-health.ts';
import { endpoints } from '../../db/endpoints.ts';
import { deliveryStatuses } from '../../domain/outcome.ts';
import { partner } from '../access/access.ts';
import { moment, organizationPath, uuidOut } from '../schemas/fields.ts';
import { pageOf, pageQuery, pageRequest } from '../page.ts';
import { presentPage } from '../page.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { toJson } from '../to-json.ts';
import { endpointPath, endpointUrl } from '../schemas/endpoint.ts';

/** Deliveries are counted up to here for one endpoint, and for each of a list. */
const mostCounted = 100_000;
const mostCountedEach = 1_000;

const count = z.int().min(0);
const health = z
  .object({
    endpoint_id: uuidOut,
    failing_since: moment.nullable().meta({ description: 'When its failing episode began; null: none lasts' }),
    resume_phase: z
      .enum(['probe', 'drain'])
      .nullable()
      .meta({ description: 'After a resume: one delivery goes first, then the rest' }),
    unsettled: z
      .object({ pending: count, delivering: count, retrying: count, held: count })
      .meta({ description: 'What a pause would hold and a deletion abandon; each up to `counted_to`' }),
    counted_to: count,
    oldest_unsettled_at: moment.nullable(),
    last_delivered_at: moment.nullable().meta({ description: 'Among the newest 40 deliveries' }),
    recent: z.array(z.enum(deliveryStatuses)).meta({ description: 'Of the newest 40 deliveries, newest first' }),
  })
  .meta({ id: 'EndpointHealth' });

/** How endpoints are doing, and what pausing, resuming or deleting one would touch. */
export const endpointHealthRoutes =
  ({ reads }: Pick<ApiDeps, 'reads'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = endpointHealth(reads);

    app.get(
      '/v1/organizations/:organizationId/endpoint-health',
      call(partner, {
        tags: ['Endpoints'],
        summary: 'How each endpoint is doing, in the order of the list of endpoints',
        params: organizationPath,
        querystring: z.strictObject(pageQuery),
        response: { 200: pageOf(health).meta({ id: 'EndpointHealthPage' }) },
      }),
      async ({ params: { organizationId }, query }) => {
        const page = await endpoints(reads).list(organizationId, pageRequest(query));
        const ids = page.rows.map(({ id }) => id);
        const rows = await repository.of(organizationId, ids, mostCountedEach);
        const found = new Map(rows.map((row) => [row.endpoint_id, row]));
        const ordered = ids.flatMap((id) => found.get(id) ?? []);
        return presentPage({ rows: ordered, next: page.next }, (row) => present(row, mostCountedEach));
      },
    );

    app.get(
      `${endpointUrl}/health`,
      call(partner, {
        tags: ['Endpoints'],
        summary: 'How an endpoint is doing, and how many deliveries an action on it would touch',
        params: endpointPath,
        response: { 200: health },
      }),
      async ({ params: { organizationId, endpointId } }) => {
        const row = orNotFound((await repository.of(organizationId, [endpointId], mostCounted))[0]);
        return present(row, mostCounted);
      },
    );
  };

const present = ({ pending, delivering, retrying, held, ...row }: EndpointHealthRow, countedTo: number) => ({
  ...toJson(row),
  unsettled: { pending, delivering, retrying, held },
  counted_to: countedTo,
});
