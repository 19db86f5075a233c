import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { endpoints } from '../../db/endpoints.ts';
import { listeners } from '../../db/listeners.ts';
import { call } from '../call.ts';
import { partner } from '../access/access.ts';
import type { ApiDeps } from '../api-deps.ts';
import { orNotFound } from '../or-not-found.ts';
import { pageOf, pageQuery, pageRequest, presentPage } from '../page.ts';
import { endpointPath, endpointSchema, endpointsUrl, endpointUrl } from '../schemas/endpoint.ts';
import { organizationPath } from '../schemas/fields.ts';
import { toJson } from '../to-json.ts';

const tags = ['Endpoints'];

/** Subscriptions of an organization: list, show, delete (spec section 4). */
export const endpointRoutes =
  ({ db, operations }: Pick<ApiDeps, 'db' | 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = endpoints(db);

    app.get(
      endpointsUrl,
      call(partner, {
        tags,
        summary: 'List endpoints, oldest first',
        params: organizationPath,
        querystring: z.strictObject(pageQuery),
        response: { 200: pageOf(endpointSchema).meta({ id: 'EndpointPage' }) },
      }),
      async ({ params, query }) =>
        presentPage(await repository.list(params.organizationId, pageRequest(query)), toJson),
    );

    app.get(
      endpointUrl,
      call(partner, {
        tags,
        summary: 'Show an endpoint',
        params: endpointPath,
        response: { 200: endpointSchema },
      }),
      async ({ params }) => toJson(orNotFound(await repository.get(params.organizationId, params.endpointId))),
    );

    app.delete(
      endpointUrl,
      call(partner, {
        tags,
        summary: 'Delete an endpoint: what is unsettled there is abandoned',
        params: endpointPath,
        response: { 204: { description: 'Deleted' } },
      }),
      async ({ params: { organizationId, endpointId } }, reply) => {
        orNotFound(await repository.get(organizationId, endpointId));
        await operations.remove(endpointId);
        await listeners(db).end(endpointId);
        return reply.code(204).send();
      },
    );
  };
