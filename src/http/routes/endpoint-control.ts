import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { endpoints } from '../../db/endpoints.ts';
import { partner } from '../access/access.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { toJson } from '../to-json.ts';
import { endpointPath, endpointSchema, endpointUrl } from '../schemas/endpoint.ts';

/** Pause and resume by hand (spec section 5). Both may be repeated: what is so already stays so. */
export const endpointControlRoutes =
  ({ db, operations }: Pick<ApiDeps, 'db' | 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = endpoints(db);
    const find = async (organizationId: string, endpointId: string) => {
      const row = orNotFound(await repository.get(organizationId, endpointId));
      return row;
    };

    for (const { action, summary, run } of [
      {
        action: 'pause',
        summary: 'Pause an endpoint: what is unsettled is held, in order, and nothing is lost',
        run: operations.pause,
      },
      {
        action: 'resume',
        summary: 'Resume an endpoint: one delivery goes first; when it succeeds, the rest goes out in order',
        run: operations.resume,
      },
    ]) {
      app.post(
        `${endpointUrl}/${action}`,
        call(partner, {
          tags: ['Endpoints'],
          summary,
          params: endpointPath,
          response: { 200: endpointSchema },
        }),
        async ({ params: { organizationId, endpointId } }) => {
          await find(organizationId, endpointId);
          await run(endpointId);
          return toJson(await find(organizationId, endpointId));
        },
      );
    }
  };
