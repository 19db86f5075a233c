import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { endpoints } from '../../db/endpoints.ts';
import { type DeliveryCounts, type Statistics, statistics } from '../../db/statistics.ts';
import { operatorOnly, partner } from '../access/access.ts';
import { moment, organizationPath, uuid } from '../schemas/fields.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { sharedFor } from '../shared-answer.ts';

/** How long callers share an answer over all organizations (milliseconds): it reads many pages. */
const sharedMs = 10_000;
const hourMs = 3_600_000;
const windows = {
  '1h': { spanMs: hourMs, bucketSeconds: 60 },
  '24h': { spanMs: 24 * hourMs, bucketSeconds: 1_800 },
  '7d': { spanMs: 168 * hourMs, bucketSeconds: 10_800 },
} as const;

const count = z.int().min(0);
const latency = z.number().nullable().meta({ description: 'Milliseconds from emission to delivery; null: none was' });
const counts = z.object({
  delivered: count,
  abandoned: count,
  unsettled: count,
  success_rate: z.number().nullable().meta({ description: 'Delivered among the settled ones, 0 to 1; null: none is' }),
  p50_ms: latency,
  p95_ms: latency,
});
const schema = z
  .object({
    since: moment,
    bucket_seconds: z.int(),
    is_complete: z.boolean().meta({
      description: 'False: only the newest 10,000 are counted; of all organizations, of each its newest 1,000 at most',
    }),
    counted_since: moment.meta({ description: 'Everything created since then is counted' }),
    total: counts,
    buckets: z.array(counts.extend({ at: moment })),
  })
  .meta({ id: 'Statistics' });

const window = z.enum(['1h', '24h', '7d']).optional().meta({ description: 'How far back; 24h by default' });

/** How deliveries went over time: bounded in what it reads, however large an organization is. */
export const statisticsRoutes =
  ({ reads }: Pick<ApiDeps, 'reads'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = statistics(reads);
    const sharedOf = (name: keyof typeof windows) =>
      sharedFor(sharedMs, async () => {
        const range = rangeOf(name);
        return present(range, await repository.ofAll(range));
      });
    const ofAll = { '1h': sharedOf('1h'), '24h': sharedOf('24h'), '7d': sharedOf('7d') };

    app.get(
      '/v1/organizations/:organizationId/statistics',
      call(partner, {
        tags: ['Overview'],
        summary: 'Deliveries over time by outcome, and how long they took',
        params: organizationPath,
        querystring: z.strictObject({ window, endpoint_id: uuid.optional() }),
        response: { 200: schema },
      }),
      async ({ params: { organizationId }, query }) => {
        const { endpoint_id: endpointId } = query;
        if (endpointId !== undefined) orNotFound(await endpoints(reads).get(organizationId, endpointId));
        const range = rangeOf(query.window);
        return present(range, await repository.of(organizationId, endpointId, range));
      },
    );

    app.get(
      '/v1/statistics',
      call(operatorOnly, {
        tags: ['Overview'],
        summary: 'The same over all organizations',
        description:
          'At most ten seconds old. Of each organization its newest are counted, at most 1,000, and 10,000 of all together.',
        querystring: z.strictObject({ window }),
        response: { 200: schema },
      }),
      async ({ query }) => ofAll[query.window ?? '24h'](),
    );
  };

interface Range {
  since: Date;
  bucketSeconds: number;
}

// At a multiple of the bucket, so that a chart asked for again has its bars where they were.
function rangeOf(name: keyof typeof windows = '24h'): Range {
  const { spanMs, bucketSeconds } = windows[name];
  const bucketMs = bucketSeconds * 1_000;
  return { since: new Date(Math.ceil((Date.now() - spanMs) / bucketMs) * bucketMs), bucketSeconds };
}

const present = ({ since, bucketSeconds }: Range, { total, buckets, isComplete, countedSince }: Statistics) => ({
  since: since.toISOString(),
  bucket_seconds: bucketSeconds,
  is_complete: isComplete,
  counted_since: countedSince.toISOString(),
  total: withRate(total),
  buckets: buckets.map(({ at, ...given }) => ({ at: at.toISOString(), ...withRate(given) })),
});

function withRate(given: DeliveryCounts) {
  const settled = given.delivered + given.abandoned;
  return { ...given, success_rate: settled === 0 ? null : given.delivered / settled };
}
