import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const preflightSeconds = 600;

/**
 * Lets pages of other origins read what the routes of `app` answer, refusals too (Fetch standard, CORS protocol).
 * `allows` says how a page of an origin may ask; null: not at all.
 */
export function allowOrigins(
  app: FastifyInstance,
  allows: (origin: string) => 'with_cookie' | 'without_cookie' | null,
): void {
  app.addHook('onSend', async ({ headers: { origin } }: FastifyRequest, reply: FastifyReply) => {
    if (origin === undefined) return;
    reply.header('vary', 'Origin');
    const allowed = allows(origin);
    if (allowed === null) return;
    reply.header('access-control-allow-origin', origin);
    if (allowed === 'with_cookie') reply.header('access-control-allow-credentials', 'true');
  });
}

/** Answers what a browser asks before the request itself; which origins may go on is `allowOrigins`' to say. */
export async function answerPreflight(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply.headers({
    'access-control-allow-methods': 'POST',
    // A UI with a login sends its ID token in Authorization-Extras.
    'access-control-allow-headers': 'authorization, authorization-extras, content-type, x-namespace',
    'access-control-max-age': String(preflightSeconds),
  });
  // Chromium asks this for a page of a public address and a codec of a private one (Private Network Access).
  if (request.headers['access-control-request-private-network'] === 'true')
    reply.header('access-control-allow-private-network', 'true');
  return reply.code(204).send();
}
