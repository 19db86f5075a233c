import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { leads } from '../../db/leads.ts';
import { partner, principalOf } from '../access/access.ts';
import { moment, organizationPath, uuidOut } from '../schemas/fields.ts';
import { leadMode, leadPath, leadReader, leadSchema, leadStage, leadStatus, leadUrl } from '../lead-view.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { toJson } from '../to-json.ts';

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
  }: Pick<ApiDeps, 'config' | 'reads' | 'client' | 'log'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = leads(reads);
    const read = leadReader({ config, db: reads, client, log });

    app.get(
      '/v1/organizations/:organizationId/leads',
      call(partner, {
        tags: ['Leads'],
        summary: 'List leads, newest first',
        params: organizationPath,
        querystring: z.strictObject({ ...pageQuery, stage: leadStage.optional() }),
        response: { 200: pageOf(summary).meta({ id: 'LeadPage' }) },
      }),
      async ({ params, query }) =>
        presentPage(await repository.list(params.organizationId, query.stage, pageRequest(query)), toJson),
    );

    app.get(
      leadUrl,
      call(partner, {
        tags: ['Leads'],
        summary: 'Show a lead: its steps, stage, events and deliveries, and all of it as one timeline',
        params: leadPath,
        response: { 200: leadSchema },
      }),
      async (request) => {
        const { organizationId, leadId } = request.params;
        const lead = orNotFound(await read(organizationId, leadId, principalOf(request).role));
        return lead;
      },
    );
  };
