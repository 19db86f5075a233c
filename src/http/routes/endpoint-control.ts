import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { endpoints } from '../../db/endpoints.ts';
import { ApiError } from '../../errors.ts';
import { partner } from '../access.ts';
import type { ApiParts } from '../parts.ts';
import { keyErrors, problems } from '../problem.ts';
import { wire } from '../wire.ts';
import { endpointPath, endpointSchema, endpointUrl } from '../wire-endpoint.ts';

/** Pause and resume by hand (spec section 5). Both may be repeated: what is so already stays so. */
export const endpointControlRoutes =
  ({ db, operations }: Pick<ApiParts, 'db' | 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = endpoints(db);
    const find = async (organizationId: string, endpointId: string) => {
      const row = await repository.get(organizationId, endpointId);
      if (row === null) throw new ApiError('not_found');
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
        {
          config: { access: partner },
          schema: {
            tags: ['Endpoints'],
            summary,
            params: endpointPath,
            response: { 200: endpointSchema, ...problems(...keyErrors, 'not_found') },
          } satisfies FastifyZodOpenApiSchema,
        },
        async ({ params: { organizationId, endpointId } }) => {
          await find(organizationId, endpointId);
          await run(endpointId);
          return wire(await find(organizationId, endpointId));
        },
      );
    }
  };
