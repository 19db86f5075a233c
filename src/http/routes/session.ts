import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { maxSessions } from '../../db/sessions.ts';
import { ApiError } from '../../errors.ts';
import { everyKey, principalOf } from '../access/access.ts';
import { beginSession } from '../access/begin-session.ts';
import type { Callers } from '../access/callers.ts';
import { csrfHeader, refuseOtherOrigins } from '../access/csrf.ts';
import { caller, presentCaller } from '../schemas/caller.ts';
import { text } from '../schemas/fields.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import type { ZodApp } from '../app.ts';
import type { SessionCookie } from '../access/session-cookie.ts';
import { SignInLimit } from '../access/sign-in-limit.ts';

const description = `Takes a key once, and answers with an HttpOnly cookie that stands for it for 12 hours, on every call that takes
a key. A request that changes something with it needs the header \`${csrfHeader}\` (any value) and comes from our own origin.
A key has at most ${maxSessions} sessions: the one used least recently ends for the next.`;

const url = '/v1/session';
const tags = ['Session'];

type SessionDeps = Pick<ApiDeps, 'config'> & { callers: Callers; cookie: SessionCookie };

/** Signing in and out with a key, for people in a browser. */
export const sessionRoutes =
  (deps: SessionDeps): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
    addSignIn(app, deps);
    addSignOut(app, deps);

    app.get(
      url,
      call(everyKey, {
        tags,
        summary: 'Who calls: by key or session',
        response: { 200: caller },
      }),
      async (request) => presentCaller(principalOf(request)),
    );
  };

function addSignIn(app: ZodApp, { config: { publicUrl }, callers, cookie }: SessionDeps): void {
  const limit = new SignInLimit();
  app.post(
    url,
    call('public', {
      errors: ['cross_site_request', 'too_many_sign_ins'],
      tags,
      summary: "Sign in with the operator's or an organization's key",
      description,
      security: [],
      body: z.strictObject({ key: text(512) }),
      response: { 201: caller },
    }),
    async (request, reply) => {
      refuseOtherOrigins(request, publicUrl);
      const succeeded = limit.begin(request.ip);
      const holder = await callers.byKey(request.body.key);
      if (holder === null) throw new ApiError('unauthorized', 'This key does not exist, or was deleted.');
      succeeded();
      if (holder.role === 'ingest') throw new ApiError('forbidden', "A backend's key does not sign in.");
      const principal = await beginSession({ callers, cookie }, request, reply, holder);
      return reply.code(201).send(presentCaller(principal));
    },
  );
}

function addSignOut(app: ZodApp, { callers, cookie }: SessionDeps): void {
  app.delete(
    url,
    call(everyKey, {
      readOnlySessions: true,
      errors: ['cross_site_request', 'not_found'],
      tags,
      summary: 'Sign out: the session ends',
      response: { 204: { description: 'Signed out' } },
    }),
    async (request, reply) => {
      const token = cookie.tokenOf(request);
      if (principalOf(request).session === null || token === null)
        throw new ApiError('not_found', 'The caller has a key, not a session.');
      await callers.end(token);
      return reply.code(204).header('set-cookie', cookie.clear()).send();
    },
  );
}
