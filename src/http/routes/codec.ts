import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { SealedValueError } from '../../crypto/key-ring.ts';
import { operatorOnly } from '../access.ts';
import { invalid } from '../intake/read-events.ts';
import { maxBatchBytes } from '../json-body.ts';
import type { ApiParts } from '../parts.ts';
import { fromJson, payloadsOut, payloadsSchema, toJson } from '../payload-json.ts';
import { bodyErrors, keyErrors, problems } from '../problem.ts';

const preflightSeconds = 600;

/**
 * Temporal's remote codec (spec section 6): the UI and the CLI read encrypted histories through it. The operator's key only,
 * since it opens every organization's data.
 */
export const codecRoutes =
  ({ codec }: Pick<ApiParts, 'codec'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    // On sending, so that refusals can be read there too.
    app.addHook('onSend', allowOrigin);
    for (const direction of ['decode', 'encode'] as const) {
      const url = `/codec/${direction}`;
      app.options(url, { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) =>
        reply
          .headers({
            'access-control-allow-methods': 'POST',
            'access-control-allow-headers': 'authorization, content-type, x-namespace',
            'access-control-max-age': String(preflightSeconds),
          })
          .code(204)
          .send(),
      );
      app.post(
        url,
        {
          config: { access: operatorOnly, csrfGuard: false, readOnlySessions: true },
          bodyLimit: maxBatchBytes,
          schema: {
            tags: ['Operation'],
            summary: `Temporal's remote codec: ${direction}`,
            body: payloadsSchema,
            response: { 200: payloadsOut, ...problems(...keyErrors, ...bodyErrors) },
          } satisfies FastifyZodOpenApiSchema,
        },
        async ({ body }) => {
          try {
            return toJson(await codec[direction](fromJson(body)));
          } catch (error) {
            // Names the key id that is missing from the ring, never a key or a text.
            if (error instanceof SealedValueError) throw invalid([{ path: 'payloads', message: error.message }]);
            throw error;
          }
        },
      );
    }
  };

// Temporal's UI runs on an origin of its own. Any may ask with a key in the `Authorization` header, which a browser never adds
// by itself; none may read what it got with a cookie.
async function allowOrigin({ headers: { origin } }: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (origin === undefined) return;
  reply.headers({ 'access-control-allow-origin': origin, vary: 'Origin' });
}
