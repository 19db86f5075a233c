import swagger from '@fastify/swagger';
import apiReference from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import {
  type FastifyZodOpenApiOpts,
  fastifyZodOpenApiPlugin,
  fastifyZodOpenApiTransformers,
} from 'fastify-zod-openapi';
import { withWebhooks } from './webhooks.ts';

const description = `Tells partners, by signed webhook and in guaranteed order, what happens to every lead.

Every call but those for health and documentation needs \`Authorization: Bearer <key>\`, or the cookie that
\`POST /v1/session\` gives for a key. Errors are problem documents (RFC 9457). The section *Webhooks* is what a partner receives.`;

/** Documents the routes registered after it: `/openapi.json` and, for people, `/docs`. */
export async function documentApi(app: FastifyInstance, version: string, cookieName: string): Promise<void> {
  await app.register(fastifyZodOpenApiPlugin, { documentOpts: { override: readable } });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: { title: 'Spark360 Events', version, description, license: { name: 'MIT', identifier: 'MIT' } },
      security: [{ key: [] }, { session: [] }],
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: cookieName },
        },
      },
    },
    transform: fastifyZodOpenApiTransformers.transform,
    transformObject: (document) =>
      withWebhooks(describeAnswers(fastifyZodOpenApiTransformers.transformObject(document))),
  });
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger());
  await app.register(serveReference);
}

type ZodOverride = NonNullable<NonNullable<FastifyZodOpenApiOpts['documentOpts']>['override']>;

/** Answers stay open: fields may be added. Where a format says what a pattern spells out, the pattern is noise. */
const readable: ZodOverride = ({ jsonSchema, io }) => {
  if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
};

/** OpenAPI wants a description of every answer; for a success its schema says enough. */
function describeAnswers<Given extends object>(document: Given): Given {
  const { paths = {} } = document as {
    paths?: Record<string, Record<string, { responses?: Record<string, { description: string }> }>>;
  };
  for (const { responses = {} } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    for (const response of Object.values(responses)) {
      if (response.description === 'Default Response') response.description = 'Success';
    }
  }
  return document;
}

// The page may load from here only: what the reference would like
// to fetch elsewhere (fonts, telemetry, a request proxy) stays away.
const referencePolicy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "frame-ancestors 'none'",
].join('; ');

async function serveReference(docs: FastifyInstance): Promise<void> {
  docs.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', referencePolicy);
  });
  await docs.register(apiReference, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'Spark360 Events API',
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      agent: { disabled: true },
    },
  });
}
