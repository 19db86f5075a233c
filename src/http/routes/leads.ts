import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { leads } from '../../db/leads.ts';
import { ApiError } from '../../errors.ts';
import { partner, principalOf } from '../access.ts';
import { moment, organizationPath, uuidOut } from '../fields.ts';
import { leadMode, leadPath, leadReader, leadSchema, leadStage, leadStatus, leadUrl } from '../lead-view.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiParts } from '../parts.ts';
import { problems, readErrors } from '../problem.ts';
import { wire } from '../wire.ts';

const summary = z
  .object({
    lead_id: uuidOut,
    organization_id: uuidOut,
    mode: leadMode.nullable(),
    stage: leadStage,
    lead_status: leadStatus.meta({ description: 'The furthest seen' }),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'LeadSummary' });

/** Leads of an organization. */
export const leadRoutes =
  ({
    config,
    reads,
    client,
    log,
  }: Pick<ApiParts, 'config' | 'reads' | 'client' | 'log'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = leads(reads);
    const read = leadReader({ config, db: reads, client, log });

    app.get(
      '/v1/organizations/:organizationId/leads',
      {
        config: { access: partner },
        schema: {
          tags: ['Leads'],
          summary: 'List leads, newest first',
          params: organizationPath,
          querystring: z.strictObject({ ...pageQuery, stage: leadStage.optional() }),
          response: { 200: pageOf(summary).meta({ id: 'LeadPage' }), ...problems(...readErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params, query }) =>
        presentPage(await repository.list(params.organizationId, query.stage, pageRequest(query)), wire),
    );

    app.get(
      leadUrl,
      {
        config: { access: partner },
        schema: {
          tags: ['Leads'],
          summary: 'Show a lead: its steps, stage, events and deliveries, and all of it as one timeline',
          params: leadPath,
          response: { 200: leadSchema, ...problems(...readErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async (request) => {
        const { organizationId, leadId } = request.params;
        const lead = await read(organizationId, leadId, principalOf(request).role);
        if (lead === null) throw new ApiError('not_found');
        return lead;
      },
    );
  };
