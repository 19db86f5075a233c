import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ApiError } from '../../errors.ts';

/**
 * Nothing from elsewhere, nothing inline, no code made of text: what a partner answered can be shown, and never runs.
 */
const consolePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const yearSeconds = 31_536_000;

/**
 * The web console at `/console`: the files that scripts/build-console.mjs wrote into `consoleDir`, Brotli where the
 * browser takes it. Any other path below it is one of the page's own and gives the page. No key: there is no data.
 */
export const consoleRoutes = (consoleDir: string) => async (app: FastifyInstance) => {
  await app.register(fastifyStatic, {
    root: consoleDir,
    serve: false,
    preCompressed: true,
    cacheControl: false,
  });
  // Named by the hash of what is in them.
  // Only what was built is looked for: no path of a request reaches the file system.
  const assets = new Set((await readdir(join(consoleDir, 'assets'))).map((name) => `assets/${name}`));
  const sendPage = (reply: FastifyReply) => withHeaders(reply, 'no-cache').sendFile('index.html');

  app.get('/console', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) =>
    sendPage(reply),
  );
  app.get<{ Params: { '*': string } }>(
    '/console/*',
    { config: { access: 'public' }, schema: { hide: true } },
    async ({ params }, reply) => {
      const path = params['*'];
      if (assets.has(path)) {
        return withHeaders(reply, `public, max-age=${yearSeconds}, immutable`).sendFile(path);
      }
      if (path.startsWith('assets/')) throw new ApiError('not_found', 'There is no such file.');
      return path === 'icon.svg' ? withHeaders(reply, 'no-cache').sendFile(path) : sendPage(reply);
    },
  );
};

const withHeaders = (reply: FastifyReply, cacheControl: string): FastifyReply =>
  reply.headers({
    'cache-control': cacheControl,
    'content-security-policy': consolePolicy,
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  });
