import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { widgets } from '../../db/widgets.ts';
import { ApiError } from '../../errors.ts';
import { backend, partner } from '../access.ts';
import { atMostKeys, moment, organizationPath, text, uuid, uuidOut } from '../fields.ts';
import type { ApiParts } from '../parts.ts';
import { bodyErrors, keyErrors, problems } from '../problem.ts';
import { wire } from '../wire.ts';

const status = z.enum(['active', 'inactive']);
const sources = atMostKeys(200, z.record(text(64).min(1, { error: 'expected a code' }), text(200))).meta({
  description: 'Labels by source code',
  example: { '03': 'Instagram' },
});

const widget = z
  .object({
    id: uuidOut,
    organization_id: uuidOut,
    version: z.string().nullable(),
    name: z.string().nullable(),
    status: status.nullable(),
    sources: z.record(z.string(), z.string()),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Widget' });

const change = z
  .object({
    version: text(64).nullable().optional(),
    name: text(200).nullable().optional(),
    status: status.optional(),
    sources: sources.optional(),
  })
  .meta({ id: 'WidgetChange', description: 'What is left out stays as it was' });

const path = organizationPath.extend({ widgetId: uuid });

/** Widgets, as source tracking knows them. A PUT never emits an event. */
export const widgetRoutes =
  ({ db }: Pick<ApiParts, 'db'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = widgets(db);

    app.put(
      '/v1/organizations/:organizationId/widgets/:widgetId',
      {
        config: { access: backend },
        schema: {
          tags: ['Organizations'],
          summary: 'Register or change a widget',
          params: path,
          body: change,
          response: { 200: widget, ...problems(...keyErrors, ...bodyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params, body }) => {
        const row = await repository.put(params.organizationId, params.widgetId, body);
        if (row === null) throw new ApiError('not_found', 'The widget belongs to another organization.');
        return wire(row);
      },
    );

    app.get(
      '/v1/organizations/:organizationId/widgets/:widgetId',
      {
        config: { access: partner },
        schema: {
          tags: ['Organizations'],
          summary: 'Show a widget',
          params: path,
          response: { 200: widget, ...problems(...keyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params }) => {
        const row = await repository.get(params.organizationId, params.widgetId);
        if (row === null) throw new ApiError('not_found');
        return wire(row);
      },
    );
  };
