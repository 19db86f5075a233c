import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { endpointSecrets } from '../../db/endpoint-secrets.ts';
import { ApiError } from '../../errors.ts';
import { newSecret } from '../../webhooks/secrets.ts';
import { secretContext } from '../../webhooks/signing-secrets.ts';
import { partner } from '../access/access.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { endpointPath, endpointUrl, newSecretSchema } from '../schemas/endpoint.ts';

/** Spec section 4: 0 s to 7 d, 24 h by default. */
const maxOverlapSeconds = 604_800;
const defaultOverlapSeconds = 86_400;
const overlapError = { error: `expected whole seconds from 0 to ${maxOverlapSeconds}` };

const rotation = z
  .strictObject({
    overlap_seconds: z.int(overlapError).min(0, overlapError).max(maxOverlapSeconds, overlapError).optional().meta({
      description: 'How long the present secret signs beside the new one; 0: the new one alone, at once',
      default: defaultOverlapSeconds,
    }),
  })
  .meta({ id: 'SecretRotation' });

const description =
  'During the overlap the present secret stays first: `X-Spark360-Signature` is its, `X-Spark360-Signature-Next` the new ' +
  "one's, and `webhook-signature` lists both. Then the new one signs alone. With `overlap_seconds` 0 it does so at once, and " +
  'every earlier secret is revoked. Rotating again within an overlap replaces the new secret; the present one stays.';

/** Rotation of an endpoint's signing secret (spec section 4). */
export const secretRoutes =
  ({ db, keyRing }: Pick<ApiDeps, 'db' | 'keyRing'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const secrets = endpointSecrets(db);
    app.post(
      `${endpointUrl}/rotate-secret`,
      call(partner, {
        tags: ['Endpoints'],
        summary: 'Give an endpoint a new signing secret; it is in this answer, and in no other',
        description,
        params: endpointPath,
        // Null is what the framework makes of no body at all.
        body: rotation.nullish(),
        response: { 200: z.object({ secret: newSecretSchema }).meta({ id: 'NewSecret' }) },
      }),
      async ({ params: { organizationId, endpointId }, body }) => {
        const secret = newSecret();
        const sealed = keyRing.seal(Buffer.from(secret), secretContext(endpointId));
        const overlapSeconds = body?.overlap_seconds ?? defaultOverlapSeconds;
        if (!(await secrets.rotate(organizationId, endpointId, sealed, overlapSeconds)))
          throw new ApiError('not_found');
        return { secret };
      },
    );
  };
