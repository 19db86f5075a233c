import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { attention } from '../../db/attention.ts';
import { ofOperator, ofOrganization, organizationIdOf } from '../access/scopes.ts';
import { moment, uuidOut } from '../schemas/fields.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { toJson } from '../to-json.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

const item = z
  .object({
    kind: z.enum(['endpoint_paused', 'endpoint_failing', 'deliveries_abandoned', 'waiting_for_enrichment']),
    organization_id: uuidOut,
    organization_name: z.string().nullable(),
    endpoint_id: uuidOut.nullable(),
    url: z.string().nullable(),
    paused_reason: z.string().nullable(),
    count: z.int().meta({ description: 'Deliveries or leads; 1000 means that many or more' }),
    since: moment.nullable().meta({ description: 'Since when, or the oldest of them' }),
  })
  .meta({ id: 'AttentionItem' });
const answer = z.object({ data: z.array(item), next_cursor: z.null() }).meta({ id: 'Attention' });

const calls = [
  {
    ...ofOrganization,
    summary: 'What needs attention: paused and failing endpoints, abandoned deliveries, leads without enrichment',
    description: 'Deliveries created in the last 24 hours; leads that have waited for an hour. At most 100 lines.',
  },
  { ...ofOperator, summary: 'The same over all organizations' },
];

/** What needs a person's attention now. */
export const attentionRoutes =
  ({ reads }: Pick<ApiDeps, 'reads'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = attention(reads);
    for (const { prefix, access, params, ...described } of calls) {
      app.get(
        `${prefix}/attention`,
        call(access, {
          tags: ['Overview'],
          ...described,
          params,
          response: { 200: answer },
        }),
        async (request) => {
          const now = Date.now();
          const limits = { abandonedSince: new Date(now - dayMs), waitingSince: new Date(now - hourMs) };
          const items = await repository.of(organizationIdOf(request.params), limits);
          return { data: items.map(toJson), next_cursor: null };
        },
      );
    }
  };
