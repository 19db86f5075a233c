import { z } from 'zod';
import type { DeliveryView } from '../db/deliveries.ts';
import { abandonedReasons, deliveryStatuses } from '../domain/outcome.ts';
import { moment, uuidOut } from './fields.ts';
import { wire } from './wire.ts';

const attempt = z
  .object({
    id: uuidOut,
    number: z.int(),
    started_at: moment,
    duration_ms: z.int(),
    status_code: z.int().nullable(),
    error: z
      .string()
      .nullable()
      .meta({ description: 'Null when a response arrived', example: 'timeout: no response within 15 s' }),
    response_body: z.string().nullable().meta({ description: 'At most the first 4 KiB' }),
  })
  .meta({ id: 'Attempt' });

/** A delivery as the API reads it (spec section 7): every key there, null where empty. */
export const deliverySchema = z
  .object({
    id: uuidOut,
    event_id: uuidOut,
    event: z.string(),
    endpoint_id: uuidOut,
    lead_id: uuidOut.nullable(),
    sequence: z.int(),
    status: z.enum(deliveryStatuses),
    reason: z.enum(abandonedReasons).nullable(),
    created_at: moment,
    next_attempt_at: moment.nullable(),
    delivered_at: moment.nullable(),
    payload: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'What is sent, parsed; null after erasure' }),
    attempts: z.array(attempt).meta({ description: 'The newest 50, in order' }),
  })
  .meta({ id: 'Delivery' });

export const presentDelivery = ({ body, attempts, ...row }: DeliveryView) => ({
  ...wire(row),
  payload: body === null ? null : (JSON.parse(body) as Record<string, unknown>),
  attempts: attempts.map(wire),
});
