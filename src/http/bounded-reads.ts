import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { ApiError } from '../errors.ts';
import { principalOf } from './access/access.ts';
import { addErrors } from './openapi/document-errors.ts';

/** Half of the pool: one organization leaves room for the others. */
const mostAtOnce = 8;

/**
 * Registers routes of which one organization may have `mostAtOnce` calls under way in this process, by whichever of its
 * keys: a list may take as long as its statement may. The operator's calls are not counted.
 * @throws `too_many_reads`, from the routes
 */
export const boundedReads =
  (plugins: readonly FastifyPluginAsync[]): FastifyPluginAsync =>
  async (app) => {
    boundHandlers(app);
    for (const plugin of plugins) await app.register(plugin);
  };

// Counted until the handler is done, not the connection: a caller that hangs up does not end its query in Postgres.
function boundHandlers(app: FastifyInstance): void {
  const underWay = new Map<string, number>();
  app.addHook('onRoute', (route) => {
    const { handler } = route;
    addErrors(route, ['too_many_reads']);
    route.handler = async function bounded(request, reply) {
      const principal = principalOf(request);
      if (principal.role !== 'organization') return handler.call(this, request, reply);
      const { organizationId } = principal;
      const count = underWay.get(organizationId) ?? 0;
      if (count >= mostAtOnce) throw new ApiError('too_many_reads', undefined, { headers: { 'retry-after': '1' } });
      underWay.set(organizationId, count + 1);
      try {
        return await handler.call(this, request, reply);
      } finally {
        const left = (underWay.get(organizationId) ?? 1) - 1;
        if (left > 0) underWay.set(organizationId, left);
        else underWay.delete(organizationId);
      }
    };
  });
}
