import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { portalLinks } from '../../db/portal-links.ts';
import { ApiError } from '../../errors.ts';
import { partner } from '../access/access.ts';
import { beginSession } from '../access/begin-session.ts';
import type { Callers } from '../access/callers.ts';
import { refuseOtherOrigins } from '../access/csrf.ts';
import { caller, presentCaller } from '../schemas/caller.ts';
import { moment, organizationPath, text } from '../schemas/fields.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import type { SessionCookie } from '../access/session-cookie.ts';

const request = z
  .strictObject({
    read_only: z.boolean().optional().meta({ description: 'Its session may call nothing that changes anything' }),
    expires_in_seconds: z
      .int()
      .min(60)
      .max(604_800)
      .optional()
      .meta({ description: 'How long it can be opened; an hour by default' }),
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
  }: Pick<ApiDeps, 'db' | 'config'> & { callers: Callers; cookie: SessionCookie }): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = portalLinks(db);
    app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));

    app.post(
      '/v1/organizations/:organizationId/portal-links',
      call(partner, {
        tags: ['Session'],
        summary: "Make a link that opens an organization's console once, without a key",
        params: organizationPath,
        body: request,
        response: { 201: link },
      }),
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
      call('public', {
        errors: ['cross_site_request'],
        tags: ['Session'],
        summary: "Sign in with a portal link's code, which is used up by it",
        security: [],
        body: z.strictObject({ code: text(128) }),
        response: { 201: caller },
      }),
      async (given, reply) => {
        refuseOtherOrigins(given, publicUrl);
        const found = await repository.use(given.body.code);
        if (found === null)
          throw new ApiError('unauthorized', 'This link was used before, or has expired. Ask for a new one.');
        const holder = { role: 'organization', organizationId: found.organization_id, apiKeyId: null } as const;
        const sessions = { callers, cookie };
        const principal = await beginSession(sessions, given, reply, holder, { readOnly: found.read_only });
        return reply.code(201).send(presentCaller(principal));
      },
    );
  };
