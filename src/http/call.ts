import type { FastifyContextConfig } from 'fastify';
import type { FastifyZodOpenApiSchema } from 'fastify-zod-openapi';

type Settings = Pick<FastifyContextConfig, 'errors' | 'audit' | 'makesOrganization' | 'csrfGuard' | 'readOnlySessions'>;
type Access = NonNullable<FastifyContextConfig['access']>;

/** The options of a route: which callers may call it, what else holds for it, and how OpenAPI describes it. */
export function call<Schema extends FastifyZodOpenApiSchema>(
  access: Access,
  described: Schema & Settings,
): { config: FastifyContextConfig; schema: Schema } {
  const { errors, audit, makesOrganization, csrfGuard, readOnlySessions, ...schema } = described;
  const config = { access, errors, audit, makesOrganization, csrfGuard, readOnlySessions };
  return { config, schema: schema as unknown as Schema };
}
