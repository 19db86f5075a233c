import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Callers, type KeyHolder, type Principal, sessionTtlMs } from './callers.ts';
import type { SessionCookie } from './session-cookie.ts';

/** Begins a session, and ends the one that the request came with. The reply gets its cookie. */
export async function beginSession(
  { callers, cookie }: { callers: Callers; cookie: SessionCookie },
  request: FastifyRequest,
  reply: FastifyReply,
  holder: Exclude<KeyHolder, { role: 'ingest' }>,
  { readOnly = false }: { readOnly?: boolean } = {},
): Promise<Principal> {
  const former = cookie.tokenOf(request);
  if (former !== null) await callers.end(former);
  const { principal, token } = await callers.begin(holder, { readOnly });
  request.principal = principal;
  reply.header('set-cookie', cookie.set(token, sessionTtlMs));
  return principal;
}
