import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { apiKeys, hashKey } from '../db/api-keys.ts';
import { organizations } from '../db/organizations.ts';
import type { Queryable } from '../db/pool.ts';
import { ApiError } from '../errors.ts';

export type Role = 'operator' | 'ingest' | 'organization';
export type Principal = { role: 'operator' } | { role: 'ingest' } | { role: 'organization'; organizationId: string };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route: everybody, or keys of these roles. A route that does not say is not registered. */
    access?: 'public' | readonly Role[];
    /** The route makes its organization: it need not exist yet. */
    makesOrganization?: boolean;
  }
  interface FastifyRequest {
    /** Null on public routes only. */
    principal: Principal | null;
  }
}

/** Keys of the roles that a route is for. */
export const operatorOnly = ['operator'] as const satisfies readonly Role[];
export const backend = ['operator', 'ingest'] as const satisfies readonly Role[];
export const partner = ['operator', 'organization'] as const satisfies readonly Role[];
export const everyKey = ['operator', 'ingest', 'organization'] as const satisfies readonly Role[];

/**
 * Guards every route by its `config.access` (spec section 7): 401 without a known key, 403 for a role that may never do it,
 * 404 for an organization that is not the key's or does not exist. Register before the routes.
 */
export function guardRoutes(app: FastifyInstance, db: Queryable, adminApiKey: string): void {
  const operatorHash = hashKey(adminApiKey);
  const keys = apiKeys(db);
  const known = organizations(db);

  app.decorateRequest('principal', null);
  app.addHook('onRoute', ({ config, url, path }) => {
    if (config?.access === undefined && !isDocs(path)) throw new Error(`route ${url} does not say who may call it`);
  });

  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access ?? 'public';
    if (access === 'public') return;
    const principal = await identify(request.headers.authorization);
    request.principal = principal;
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
    if (!(await known.exists(organizationId)))
      throw new ApiError('not_found', `There is no organization ${organizationId}.`);
  });

  async function identify(authorization: string | undefined): Promise<Principal> {
    const key = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (key === undefined) throw unauthorized();
    const hash = hashKey(key);
    if (timingSafeEqual(hash, operatorHash)) return { role: 'operator' };
    return (await keys.findByHash(hash)) ?? Promise.reject(unauthorized());
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
