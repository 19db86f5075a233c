import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { widgets } from '../../db/widgets.ts';
import { backend, partner } from '../access/access.ts';
import { atMostKeys, moment, organizationPath, text, uuid, uuidOut } from '../schemas/fields.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { toJson } from '../to-json.ts';

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
  ({ db }: Pick<ApiDeps, 'db'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = widgets(db);

    app.put(
      '/v1/organizations/:organizationId/widgets/:widgetId',
      call(backend, {
        tags: ['Organizations'],
        summary: 'Register or change a widget',
        params: path,
        body: change,
        response: { 200: widget },
      }),
      async ({ params, body }) => {
        const row = orNotFound(
          await repository.put(params.organizationId, params.widgetId, body),
          'The widget belongs to another organization.',
        );
        return toJson(row);
      },
    );

    app.get(
      '/v1/organizations/:organizationId/widgets/:widgetId',
      call(partner, {
        tags: ['Organizations'],
        summary: 'Show a widget',
        params: path,
        response: { 200: widget },
      }),
      async ({ params }) => {
        const row = orNotFound(await repository.get(params.organizationId, params.widgetId));
        return toJson(row);
      },
    );
  };
