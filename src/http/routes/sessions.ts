import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { type ListedSession, sessions } from '../../db/sessions.ts';
import { ApiError } from '../../errors.ts';
import { principalOf } from '../access/access.ts';
import { ofOperator, ofOrganization, organizationIdOf } from '../access/scopes.ts';
import { moment, uuid, uuidOut } from '../schemas/fields.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { toJson } from '../to-json.ts';

const session = z
  .object({
    id: uuidOut,
    read_only: z.boolean(),
    is_current: z.boolean().meta({ description: 'The one that asks' }),
    created_at: moment,
    last_used_at: moment,
    expires_at: moment,
  })
  .meta({ id: 'Session' });
const list = z.object({ data: z.array(session), next_cursor: z.null() }).meta({ id: 'SessionList' });

/** The same calls for an organization's sessions and for the operator's. */
const kinds = [
  { ...ofOrganization, whose: "an organization's" },
  { ...ofOperator, whose: "the operator's" },
];

/** Lists of sessions, and signing out elsewhere or everywhere. */
export const sessionListRoutes =
  ({ db }: Pick<ApiDeps, 'db'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = sessions(db);
    for (const { prefix, access, whose, params } of kinds) {
      const url = `${prefix}/sessions`;
      app.get(
        url,
        call(access, {
          tags: ['Session'],
          summary: `List ${whose} sessions, newest first`,
          params,
          response: { 200: list },
        }),
        async (request) => {
          const current = principalOf(request).session?.id;
          const rows = await repository.list(organizationIdOf(request.params));
          return { data: rows.map((row) => present(row, current)), next_cursor: null };
        },
      );

      app.delete(
        url,
        call(access, {
          tags: ['Session'],
          summary: `Sign out everywhere: all of ${whose} sessions end`,
          params,
          response: { 204: { description: 'Ended' } },
        }),
        async (request, reply) => {
          await repository.endOf(organizationIdOf(request.params), null);
          return reply.code(204).send();
        },
      );

      app.delete(
        `${url}/:sessionId`,
        call(access, {
          tags: ['Session'],
          summary: `End one of ${whose} sessions`,
          params: params.extend({ sessionId: uuid }),
          response: { 204: { description: 'Ended' } },
        }),
        async (request, reply) => {
          const { sessionId } = request.params as { sessionId: string };
          if ((await repository.endOf(organizationIdOf(request.params), sessionId)) === 0)
            throw new ApiError('not_found');
          return reply.code(204).send();
        },
      );
    }
  };

function present({ role: _role, organization_id: _organization, ...row }: ListedSession, current: string | undefined) {
  return { ...toJson(row), is_current: row.id === current };
}
