import { z } from 'zod';
import { moment, organizationPath, uuid, uuidOut } from './fields.ts';

export const endpointsUrl = '/v1/organizations/:organizationId/endpoints';
export const endpointUrl = `${endpointsUrl}/:endpointId`;
export const endpointPath = organizationPath.extend({ endpointId: uuid });

export const maxInFlight = z
  .int()
  .min(1)
  .max(256)
  .meta({ description: 'The most requests open there at once, however many leads there are; 16 by default' });
export const rateLimit = z.int().min(1).max(1_000).nullable().meta({
  description: 'The most attempts a second, evenly spaced; null: as many as come. Waiting for a slot uses no attempt',
});

/** An endpoint as the API reads it: never its secret. */
export const endpointSchema = z
  .object({
    id: uuidOut,
    kind: z.enum(['webhook', 'listener']).meta({ description: "A listener is a command line's: it has no address" }),
    url: z.string(),
    description: z.string().nullable(),
    events: z.array(z.string()),
    mode: z.enum(['prod', 'sandbox']),
    status: z.enum(['active', 'paused']),
    paused_reason: z
      .string()
      .nullable()
      .meta({ description: '`manual`, or by rule: `failing`, `consecutive_failures`, `gone`, `listener_lost`' }),
    max_in_flight: maxInFlight,
    rate_limit: rateLimit,
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Endpoint' });

export const newSecretSchema = z
  .string()
  .meta({ description: 'Signs the webhooks; shown this once', example: 'whsec_…' });
