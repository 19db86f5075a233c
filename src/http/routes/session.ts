import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { ApiError } from '../../errors.ts';
import { everyKey, principalOf } from '../access.ts';
import { type Callers, type Principal, sessionTtlMs } from '../callers.ts';
import { csrfHeader, refuseOtherOrigins } from '../csrf.ts';
import { moment, text, uuidOut } from '../fields.ts';
import type { ApiParts } from '../parts.ts';
import { bodyErrors, keyErrors, problems } from '../problem.ts';
import type { SessionCookie } from '../session-cookie.ts';
import { SignInLimit } from '../sign-in-limit.ts';

export const caller = z
  .object({
    role: z.enum(['operator', 'ingest', 'organization']),
    organization_id: uuidOut.nullable(),
    session: z
      .object({ id: uuidOut, read_only: z.boolean(), created_at: moment, expires_at: moment })
      .nullable()
      .meta({ description: 'Null for a caller with a key' }),
  })
  .meta({ id: 'Caller' });

export const presentCaller = (principal: Principal): z.input<typeof caller> => ({
  role: principal.role,
  organization_id: principal.role === 'organization' ? principal.organizationId : null,
  session:
    principal.session === null
      ? null
      : {
          id: principal.session.id,
          read_only: principal.session.readOnly,
          created_at: principal.session.createdAt.toISOString(),
          expires_at: principal.session.expiresAt.toISOString(),
        },
});

const description = `Takes a key once, and answers with an HttpOnly cookie that stands for it for 12 hours, on every call that takes
a key. A request that changes something with it needs the header \`${csrfHeader}\` (any value) and comes from our own origin.`;

/** Signing in and out with a key, for people in a browser. */
export const sessionRoutes =
  ({
    config: { publicUrl },
    callers,
    cookie,
  }: Pick<ApiParts, 'config'> & { callers: Callers; cookie: SessionCookie }): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const limit = new SignInLimit();
    const url = '/v1/session';
    app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));

    app.post(
      url,
      {
        config: { access: 'public' },
        schema: {
          tags: ['Session'],
          summary: "Sign in with the operator's or an organization's key",
          description,
          security: [],
          body: z.strictObject({ key: text(512) }),
          response: {
            201: caller,
            ...problems(...keyErrors, ...bodyErrors, 'cross_site_request', 'too_many_sign_ins'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async (request, reply) => {
        refuseOtherOrigins(request, publicUrl);
        const succeeded = limit.begin(request.ip);
        const holder = await callers.byKey(request.body.key);
        if (holder === null) throw new ApiError('unauthorized', 'This key does not exist, or was deleted.');
        succeeded();
        if (holder.role === 'ingest') throw new ApiError('forbidden', "A backend's key does not sign in.");
        const former = cookie.tokenOf(request);
        if (former !== null) await callers.end(former);
        const { principal, token } = await callers.begin(holder);
        request.principal = principal;
        return reply.code(201).header('set-cookie', cookie.set(token, sessionTtlMs)).send(presentCaller(principal));
      },
    );

    app.get(
      url,
      {
        config: { access: everyKey },
        schema: {
          tags: ['Session'],
          summary: 'Who calls: by key or session',
          response: { 200: caller, ...problems(...keyErrors) },
        } satisfies FastifyZodOpenApiSchema,
      },
      async (request) => presentCaller(principalOf(request)),
    );

    app.delete(
      url,
      {
        config: { access: everyKey, readOnlySessions: true },
        schema: {
          tags: ['Session'],
          summary: 'Sign out: the session ends',
          response: {
            204: { description: 'Signed out' },
            ...problems(...keyErrors, 'cross_site_request', 'not_found'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async (request, reply) => {
        const token = cookie.tokenOf(request);
        if (principalOf(request).session === null || token === null)
          throw new ApiError('not_found', 'The caller has a key, not a session.');
        await callers.end(token);
        return reply.code(204).header('set-cookie', cookie.clear()).send();
      },
    );
  };
