import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyRequest } from 'fastify';

export interface SessionCookie {
  name: string;
  /** The token a request carries; null when it has none. */
  tokenOf(request: FastifyRequest): string | null;
  /** `Set-Cookie` for a new session. */
  set(token: string, ttlMs: number): string;
  /** `Set-Cookie` that removes it. */
  clear(): string;
}

/**
 * The cookie that carries a session's token. HttpOnly: no script reads it. SameSite=Strict: no other site's page sends
 * it. With an https `PUBLIC_URL` it is Secure and named `__Host-…`: no sibling host can set it (RFC 6265bis §4.1.3.2).
 */
export function sessionCookie(publicUrl: string | undefined): SessionCookie {
  const secure = publicUrl?.startsWith('https://') ?? false;
  const name = secure ? '__Host-spark360_session' : 'spark360_session';
  const attributes = { name, path: '/', httpOnly: true, sameSite: 'strict', secure } as const;
  return {
    name,
    tokenOf: ({ headers }) => parseCookie(headers.cookie ?? '')[name] || null,
    set: (token, ttlMs) => stringifySetCookie({ ...attributes, value: token, maxAge: Math.floor(ttlMs / 1_000) }),
    clear: () => stringifySetCookie({ ...attributes, value: '', maxAge: 0 }),
  };
}
