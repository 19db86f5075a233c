import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { type ListedSession, sessions } from '../../db/sessions.ts';
import { ApiError } from '../../errors.ts';
import { operatorOnly, partner, principalOf, type Role } from '../access.ts';
import { moment, organizationPath, uuid, uuidOut } from '../fields.ts';
import type { ApiParts } from '../parts.ts';
import { keyErrors, problems } from '../problem.ts';
import { wire } from '../wire.ts';

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
interface Kind {
  url: string;
  access: readonly Role[];
  whose: string;
  params: z.ZodObject;
}
const kinds: Kind[] = [
  {
    url: '/v1/organizations/:organizationId/sessions',
    access: partner,
    whose: "an organization's",
    params: organizationPath,
  },
  { url: '/v1/sessions', access: operatorOnly, whose: "the operator's", params: z.object({}) },
];

/** Null: the operator's. */
const ownerOf = (params: unknown): string | null => (params as { organizationId?: string }).organizationId ?? null;

/** Who is signed in, and signing out elsewhere or everywhere. */
export const sessionListRoutes =
  ({ db }: Pick<ApiParts, 'db'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = sessions(db);
    for (const { url, access, whose, params } of kinds) {
      app.get(
        url,
        {
          config: { access },
          schema: {
            tags: ['Session'],
            summary: `List ${whose} sessions, newest first`,
            params,
            response: { 200: list, ...problems(...keyErrors, 'not_found') },
          } satisfies FastifyZodOpenApiSchema,
        },
        async (request) => {
          const current = principalOf(request).session?.id;
          const rows = await repository.list(ownerOf(request.params));
          return { data: rows.map((row) => present(row, current)), next_cursor: null };
        },
      );

      app.delete(
        url,
        {
          config: { access },
          schema: {
            tags: ['Session'],
            summary: `Sign out everywhere: all of ${whose} sessions end`,
            params,
            response: { 204: { description: 'Ended' }, ...problems(...keyErrors, 'not_found') },
          } satisfies FastifyZodOpenApiSchema,
        },
        async (request, reply) => {
          await repository.endOf(ownerOf(request.params), null);
          return reply.code(204).send();
        },
      );

      app.delete(
        `${url}/:sessionId`,
        {
          config: { access },
          schema: {
            tags: ['Session'],
            summary: `End one of ${whose} sessions`,
            params: params.extend({ sessionId: uuid }),
            response: { 204: { description: 'Ended' }, ...problems(...keyErrors, 'not_found') },
          } satisfies FastifyZodOpenApiSchema,
        },
        async (request, reply) => {
          const { sessionId } = request.params as { sessionId: string };
          if ((await repository.endOf(ownerOf(request.params), sessionId)) === 0) throw new ApiError('not_found');
          return reply.code(204).send();
        },
      );
    }
  };

function present({ role: _role, organization_id: _organization, ...row }: ListedSession, current: string | undefined) {
  return { ...wire(row), is_current: row.id === current };
}
