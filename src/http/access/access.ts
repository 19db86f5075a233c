import type { FastifyInstance, FastifyRequest } from 'fastify';
import { organizations } from '../../db/organizations.ts';
import type { Queryable } from '../../db/pool.ts';
import { ApiError } from '../../errors.ts';
import type { Callers, Principal, Role } from './callers.ts';
import { type CodecCapability, hasCapability } from './codec-capability.ts';
import { isSafe, refuseForgery, refuseOtherOrigins } from './csrf.ts';
import type { SessionCookie } from './session-cookie.ts';

export type { Role } from './callers.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The callers of the route: anyone, the embedded UI, or keys of these roles. A route without it is not registered.
     */
    access?: 'public' | 'capability' | readonly Role[];
    /** The route makes its organization: it need not exist yet. */
    makesOrganization?: true | undefined;
    /**
     * The page of `TEMPORAL_UI_URL` may call the route with the
     * session's cookie, without the header: it changes nothing.
     */
    csrfGuard?: 'temporal_ui' | undefined;
    /** A read-only session may call the route, although its method is unsafe. */
    readOnlySessions?: true | undefined;
  }
  interface FastifyRequest {
    /** Null on routes without keys only. */
    principal: Principal | null;
  }
}

/** Keys of the roles that a route is for. */
export const operatorOnly = ['operator'] as const satisfies readonly Role[];
export const backend = ['operator', 'ingest'] as const satisfies readonly Role[];
export const partner = ['operator', 'organization'] as const satisfies readonly Role[];
export const everyKey = ['operator', 'ingest', 'organization'] as const satisfies readonly Role[];

interface AccessDeps {
  db: Queryable;
  callers: Callers;
  cookie: SessionCookie;
  publicUrl: string | undefined;
  temporalUiUrl: string | undefined;
  codecCapability: CodecCapability | undefined;
}

/**
 * Guards every route by its `config.access` (spec section 7): 401 without a known key or session, 403 for a role that
 * may never do it, 404 for an organization that is not the caller's or does not exist. Register before the routes.
 */
export function guardRoutes(app: FastifyInstance, deps: AccessDeps): void {
  const { db, callers, cookie, publicUrl, temporalUiUrl, codecCapability } = deps;
  const { exists } = organizations(db);

  app.decorateRequest('principal', null);
  app.addHook('onRoute', ({ config, url, path }) => {
    if (config?.access === undefined && !isDocs(path)) throw new Error(`route ${url} does not say who may call it`);
  });

  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access ?? 'public';
    if (access === 'public') return;
    if (access === 'capability') {
      if (codecCapability !== undefined && hasCapability(request, codecCapability)) return;
      throw new ApiError('not_found', 'There is no such path.');
    }
    const principal = await identify(request);
    request.principal = principal;
    if (principal.session !== null && !isSafe(request.method)) guardSession(request, principal.session.readOnly);
    if (!access.includes(principal.role)) throw new ApiError('forbidden');
    const organizationId = organizationOf(request) ?? null;
    if (principal.role === 'organization' && organizationId !== null && organizationId !== principal.organizationId) {
      throw new ApiError('not_found');
    }
  });

  // After validation: the id is a well-formed one by now. An organization's key exists only with its organization.
  app.addHook('preHandler', async (request) => {
    const organizationId = organizationOf(request);
    if (organizationId === undefined || request.principal?.role === 'organization') return;
    if (request.routeOptions.config.makesOrganization === true) return;
    if (!(await exists(organizationId))) throw new ApiError('not_found', `There is no organization ${organizationId}.`);
  });

  // A key goes before the cookie. One that is not ours does not hide it:
  // a Temporal UI with a login sends its own token, too.
  async function identify(request: FastifyRequest): Promise<Principal> {
    const key = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    const holder = key === undefined ? null : await callers.byKey(key);
    if (holder !== null) return { ...holder, session: null };
    const token = cookie.tokenOf(request);
    return (token === null ? null : await callers.byToken(token)) ?? Promise.reject(unauthorized());
  }

  function guardSession(request: FastifyRequest, readOnly: boolean): void {
    const { csrfGuard, readOnlySessions } = request.routeOptions.config;
    if (csrfGuard === 'temporal_ui') refuseOtherOrigins(request, publicUrl, temporalUiUrl);
    else refuseForgery(request, publicUrl);
    if (readOnly && readOnlySessions !== true) throw new ApiError('forbidden', 'This session may only read.');
  }
}

/** The caller of a route that is not public. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('a public route asked for its caller');
  return request.principal;
}

// The API reference's own routes come from a plugin that knows no `config`; they hold no data.
const isDocs = (path: string): boolean => path === '/docs' || path.startsWith('/docs/');

const organizationOf = ({ params }: FastifyRequest): string | undefined =>
  (params as { organizationId?: string } | undefined)?.organizationId?.toLowerCase();

const unauthorized = () => new ApiError('unauthorized', undefined, { headers: { 'www-authenticate': 'Bearer' } });
