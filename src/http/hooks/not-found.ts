import type { FastifyInstance } from 'fastify';
import { ApiError } from '../../errors.ts';

/**
 * Answers what no route matches: 405 with `Allow` when the path
 * exists with other methods, else 404. Register before the routes.
 */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const paths = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const entry = paths.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const name of [method].flat()) entry.methods.add(name);
    paths.set(url, entry);
  });
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = new Set(
      [...paths.values()].flatMap(({ pattern, methods }) => (pattern.test(path) ? [...methods] : [])),
    );
    if (allowed.size === 0) throw new ApiError('not_found', 'There is no such path.');
    throw new ApiError('method_not_allowed', undefined, { headers: { allow: [...allowed].sort().join(', ') } });
  });
}

/** `/v1/organizations/:organizationId` matches one segment there; a `*` matches the rest. */
const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:\w+/g, '[^/]+')
      .replaceAll('*', '.*')}$`,
  );
