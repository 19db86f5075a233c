import { z } from 'zod';
import { moment, organizationPath, uuid, uuidOut } from './fields.ts';

export const endpointsUrl = '/v1/organizations/:organizationId/endpoints';
export const endpointUrl = `${endpointsUrl}/:endpointId`;
export const endpointPath = organizationPath.extend({ endpointId: uuid });

/** An endpoint as the API reads it: never its secret. */
export const endpointSchema = z
  .object({
    id: uuidOut,
    url: z.string(),
    description: z.string().nullable(),
    events: z.array(z.string()),
    mode: z.enum(['prod', 'sandbox']),
    status: z.enum(['active', 'paused']),
    paused_reason: z
      .string()
      .nullable()
      .meta({ description: '`manual`, or by rule: `failing`, `consecutive_failures`, `gone`' }),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Endpoint' });

export const newSecretSchema = z
  .string()
  .meta({ description: 'Signs the webhooks; shown this once', example: 'whsec_…' });
