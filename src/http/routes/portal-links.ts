import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { portalLinks } from '../../db/portal-links.ts';
import { ApiError } from '../../errors.ts';
import { partner } from '../access.ts';
import { type Callers, sessionTtlMs } from '../callers.ts';
import { refuseOtherOrigins } from '../csrf.ts';
import { moment, organizationPath, text } from '../fields.ts';
import type { ApiParts } from '../parts.ts';
import { bodyErrors, keyErrors, problems } from '../problem.ts';
import type { SessionCookie } from '../session-cookie.ts';
import { caller, presentCaller } from './session.ts';

const request = z
  .strictObject({
    read_only: z.boolean().optional().meta({ description: 'Its session may call nothing that changes anything' }),
    expires_in_seconds: z
      .int()
      .min(60)
      .max(604_800)
      .optional()
      .meta({ description: 'How long it can be opened; an hour unless told' }),
  })
  .nullish()
  .meta({ id: 'PortalLinkRequest' });

const link = z
  .object({
    url: z.string().meta({
      description: 'To be opened once. The code is in the fragment, which no browser sends and no log holds',
      example: 'https://events.example/console/portal#…',
    }),
    read_only: z.boolean(),
    expires_at: moment,
  })
  .meta({ id: 'PortalLink' });

/** Lets a partner into their console without a key: a link that works once. */
export const portalLinkRoutes =
  ({
    db,
    config: { publicUrl },
    callers,
    cookie,
  }: Pick<ApiParts, 'db' | 'config'> & { callers: Callers; cookie: SessionCookie }): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = portalLinks(db);
    app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));

    app.post(
      '/v1/organizations/:organizationId/portal-links',
      {
        config: { access: partner },
        schema: {
          tags: ['Session'],
          summary: "Make a link that opens an organization's console once, without a key",
          params: organizationPath,
          body: request,
          response: { 201: link, ...problems(...keyErrors, ...bodyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params, body, protocol, host }, reply) => {
        const readOnly = body?.read_only ?? false;
        const made = await repository.create(params.organizationId, readOnly, body?.expires_in_seconds ?? 3_600);
        const base = publicUrl ?? `${protocol}://${host}`;
        return reply.code(201).send({
          url: `${base.replace(/\/$/, '')}/console/portal#${made.code}`,
          read_only: readOnly,
          expires_at: made.expiresAt.toISOString(),
        });
      },
    );

    app.post(
      '/v1/session/portal',
      {
        config: { access: 'public' },
        schema: {
          tags: ['Session'],
          summary: "Sign in with a portal link's code, which is used up by it",
          security: [],
          body: z.strictObject({ code: text(128) }),
          response: { 201: caller, ...problems(...keyErrors, ...bodyErrors, 'cross_site_request') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async (given, reply) => {
        refuseOtherOrigins(given, publicUrl);
        const found = await repository.use(given.body.code);
        if (found === null)
          throw new ApiError('unauthorized', 'This link was used before, or has expired. Ask for a new one.');
        const former = cookie.tokenOf(given);
        if (former !== null) await callers.end(former);
        const holder = { role: 'organization', organizationId: found.organization_id, apiKeyId: null } as const;
        const { principal, token } = await callers.begin(holder, { readOnly: found.read_only });
        given.principal = principal;
        return reply.code(201).header('set-cookie', cookie.set(token, sessionTtlMs)).send(presentCaller(principal));
      },
    );
  };
