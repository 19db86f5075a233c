import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { attention } from '../../db/attention.ts';
import { operatorOnly, partner } from '../access.ts';
import { moment, organizationPath, uuidOut } from '../fields.ts';
import type { ApiParts } from '../parts.ts';
import { problems, readErrors } from '../problem.ts';
import { wire } from '../wire.ts';

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

/** What needs somebody's attention now. */
export const attentionRoutes =
  ({ reads }: Pick<ApiParts, 'reads'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = attention(reads);
    const of = async (organizationId: string | null) => {
      const now = Date.now();
      const limits = { abandonedSince: new Date(now - dayMs), waitingSince: new Date(now - hourMs) };
      return { data: (await repository.of(organizationId, limits)).map(wire), next_cursor: null };
    };

    app.get(
      '/v1/organizations/:organizationId/attention',
      {
        config: { access: partner },
        schema: {
          tags: ['Overview'],
          summary: 'What needs attention: paused and failing endpoints, abandoned deliveries, leads without enrichment',
          description: 'Deliveries of the last 24 hours; leads that have waited for an hour. At most 100 lines.',
          params: organizationPath,
          response: { 200: answer, ...problems(...readErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params }) => of(params.organizationId),
    );

    app.get(
      '/v1/attention',
      {
        config: { access: operatorOnly },
        schema: {
          tags: ['Overview'],
          summary: 'The same over all organizations',
          response: { 200: answer, ...problems(...readErrors) },
        } satisfies FastifyZodOpenApiSchema,
      },
      async () => of(null),
    );
  };
