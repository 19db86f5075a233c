import type { FastifyInstance, RouteOptions } from 'fastify';
import type { ApiErrorCode } from '../../errors.ts';
import { problems } from '../problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route can answer beside what follows from its access, its path and its body. */
    errors?: readonly ApiErrorCode[] | undefined;
  }
}

const keyErrors = ['invalid_query', 'unauthorized', 'forbidden', 'unavailable'] as const;
const bodyErrors = ['malformed_json', 'payload_too_large', 'unsupported_media_type', 'invalid_body'] as const;

/**
 * Writes into every route's schema which problems it can answer, for the OpenAPI document. Register before the routes.
 */
export function documentErrors(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { access, errors = [] } = route.config ?? {};
    const takesKey = Array.isArray(access) || route.path.startsWith('/v1/');
    addErrors(route, [
      ...(takesKey ? keyErrors : []),
      ...(route.schema?.body === undefined ? [] : bodyErrors),
      ...(route.path.includes('/:') ? (['not_found'] as const) : []),
      ...errors,
    ]);
  });
}

/** Says of one route that it can answer these problems too. */
export function addErrors(route: RouteOptions, codes: readonly ApiErrorCode[]): void {
  const response = { ...(route.schema?.response as object | undefined) };
  route.schema = { ...route.schema, response: problems(codes, response) };
}
