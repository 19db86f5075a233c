import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { endpoints } from '../../db/endpoints.ts';
import type { Page, Position } from '../../db/page.ts';
import { recovery } from '../../db/recovery.ts';
import type { RecoveryScope } from '../../db/recovery-scope.ts';
import { DependencyUnavailableError } from '../../errors.ts';
import { partner } from '../access/access.ts';
import { organizationPath, uuid, uuidOut } from '../schemas/fields.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { abandonedSince, filterOf, recoveryFields } from '../schemas/recovery-filter.ts';

const request = z
  .strictObject({
    endpoint_id: uuid.optional().meta({ description: 'Of this endpoint only; of all of them by default' }),
    since: abandonedSince.optional().meta({ description: 'Abandoned then or later; ever by default' }),
    ...recoveryFields,
  })
  .meta({ id: 'BulkRecovery' });

const ofEndpoint = z.object({
  endpoint_id: uuidOut,
  count: z.int().meta({ description: 'How many deliveries it takes up here; of a dry run how many it would' }),
  status: z.enum(['counted', 'started', 'already_running', 'failed']).meta({
    description: '`failed`: not begun, since the service could not reach Temporal or its database any more; ask again',
  }),
  job_id: uuidOut.nullable(),
});
type OfEndpoint = z.infer<typeof ofEndpoint>;

const answer = z
  .object({
    count: z.int().meta({ description: 'How many deliveries in all' }),
    endpoints: z.array(ofEndpoint),
  })
  .meta({ id: 'StartedBulkRecovery' });

/** Endpoints that are read at a time. */
const pageSize = 1_000;

/** Recovery of every abandoned delivery that a filter matches, at every endpoint: one job each. */
export const bulkRecoveryRoutes =
  ({ db, operations }: Pick<ApiDeps, 'db' | 'operations'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = recovery(db);

    app.post(
      '/v1/organizations/:organizationId/deliveries/recover',
      call(partner, {
        tags: ['Deliveries'],
        summary: 'Send again every abandoned delivery that a filter matches, at every endpoint',
        description:
          'As `recover` of each endpoint that has any. An endpoint where a recovery runs already is left alone.',
        params: organizationPath,
        body: request,
        response: { 202: answer },
      }),
      async ({ params: { organizationId }, body }, reply) => {
        const filter = filterOf(body);
        const found: { scope: RecoveryScope; count: number }[] = [];
        for (const endpointId of await chosen(organizationId, body.endpoint_id)) {
          const scope = { organizationId, endpointId, ...filter };
          const count = await repository.count(scope);
          if (count > 0) found.push({ scope, count });
        }
        const all =
          body.dry_run === true
            ? found.map(({ scope, count }) => toItem(scope, 'counted', count))
            : await beginEach(found.map(({ scope }) => scope));
        return reply.code(202).send({ count: all.reduce((sum, { count }) => sum + count, 0), endpoints: all });
      },
    );

    /** Once one cannot be begun, those behind it are not tried; what has begun until then is told all the same. */
    async function beginEach(scopes: RecoveryScope[]): Promise<OfEndpoint[]> {
      const items: OfEndpoint[] = [];
      for (const scope of scopes) {
        try {
          items.push(await begin(scope));
        } catch (error) {
          if (items.length === 0 || !(error instanceof DependencyUnavailableError)) throw error;
          return [...items, ...scopes.slice(items.length).map((left) => toItem(left, 'failed', 0))];
        }
      }
      return items;
    }

    async function begin(scope: RecoveryScope): Promise<OfEndpoint> {
      const begun = await operations.recover(scope);
      if (begun !== null) return toItem(scope, 'started', begun.count, begun.jobId);
      return toItem(scope, 'already_running', 0, await repository.runningAt(scope.endpointId));
    }

    async function chosen(organizationId: string, endpointId: string | undefined): Promise<string[]> {
      if (endpointId !== undefined) {
        orNotFound(await endpoints(db).get(organizationId, endpointId));
        return [endpointId];
      }
      const ids: string[] = [];
      let after: Position | null = null;
      do {
        const page: Page<{ id: string }> = await endpoints(db).list(organizationId, { limit: pageSize, after });
        ids.push(...page.rows.map(({ id }) => id));
        after = page.next;
      } while (after !== null);
      return ids;
    }
  };

const toItem = (
  { endpointId }: RecoveryScope,
  status: OfEndpoint['status'],
  count: number,
  jobId: string | null = null,
): OfEndpoint => ({ endpoint_id: endpointId, count, status, job_id: jobId });
