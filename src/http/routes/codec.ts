import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import type { z } from 'zod';
import { invalidBody } from '../../errors.ts';
import { SealedValueError } from '../../crypto/key-ring.ts';
import { operatorOnly } from '../access/access.ts';
import { allowOrigins, answerPreflight } from '../hooks/cors.ts';
import { maxBatchBytes } from '../hooks/json-body.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { payloadsFromJson, payloadsOut, payloadsSchema, payloadsToJson } from '../payload-json.ts';

const directions = ['decode', 'encode'] as const;
type CodecDeps = Pick<ApiDeps, 'codec' | 'codecCapability'> & { config: Pick<ApiDeps['config'], 'temporalUiUrl'> };

/**
 * Temporal's remote codec (spec section 6): the UI and the CLI read encrypted histories through it. It opens every
 * organization's data, so it takes the operator's key or session, or comes from the embedded server's own UI.
 */
export const codecRoutes =
  ({ codec, config, codecCapability }: CodecDeps): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const run = async (direction: (typeof directions)[number], body: z.output<typeof payloadsSchema>) => {
      try {
        return payloadsToJson(await codec[direction](payloadsFromJson(body)));
      } catch (error) {
        // Names the key id that is missing from the ring, never a key or a text.
        if (error instanceof SealedValueError) throw invalidBody([{ path: 'payloads', message: error.message }]);
        throw error;
      }
    };

    await app.register(withKey(run, config.temporalUiUrl));
    if (codecCapability !== undefined) await app.register(withCapability(run, codecCapability.origins));
  };

type Run = (
  direction: (typeof directions)[number],
  body: z.output<typeof payloadsSchema>,
) => Promise<z.input<typeof payloadsOut>>;

/**
 * A page may ask with a key, which a browser never adds by itself; with the session's cookie only that of
 * `TEMPORAL_UI_URL`.
 */
const withKey =
  (run: Run, temporalUiUrl: string | undefined): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const uiOrigin = temporalUiUrl === undefined ? undefined : new URL(temporalUiUrl).origin;
    allowOrigins(app, (origin) =>
      uiOrigin === undefined ? 'without_cookie' : origin === uiOrigin ? 'with_cookie' : null,
    );
    for (const direction of directions) {
      const url = `/codec/${direction}`;
      app.options(url, { config: { access: 'public' }, schema: { hide: true } }, answerPreflight);
      app.post(
        url,
        {
          ...call(operatorOnly, {
            errors: ['cross_site_request'],
            csrfGuard: 'temporal_ui',
            readOnlySessions: true,
            audit: false,
            tags: ['Operation'],
            summary: `Temporal's remote codec: ${direction}`,
            body: payloadsSchema,
            response: { 200: payloadsOut },
          }),
          bodyLimit: maxBatchBytes,
        },
        ({ body }) => run(direction, body),
      );
    }
  };

/** For the embedded server's UI: its address is the capability, and nothing else is asked for. */
const withCapability =
  (run: Run, origins: readonly string[]): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    allowOrigins(app, (origin) => (origins.includes(origin) ? 'without_cookie' : null));
    for (const direction of directions) {
      const url = `/codec/:token/${direction}`;
      app.options(url, { config: { access: 'capability' }, schema: { hide: true } }, answerPreflight);
      app.post(
        url,
        { config: { access: 'capability' }, bodyLimit: maxBatchBytes, schema: { hide: true, body: payloadsSchema } },
        ({ body }) => run(direction, body),
      );
    }
  };
