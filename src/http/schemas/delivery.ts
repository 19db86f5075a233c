import { z } from 'zod';
import type { DeliveryView } from '../../db/delivery-details.ts';
import { abandonedReasons, deliveryStatuses } from '../../domain/outcome.ts';
import { waitingFor, waitingReasons } from '../../domain/waiting-for.ts';
import { moment, uuidOut } from './fields.ts';
import type { ApiConfig } from '../api-deps.ts';
import { toJson } from '../to-json.ts';

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

const waiting = z
  .object({
    reason: z.enum(waitingReasons),
    delivery_id: uuidOut.optional().meta({ description: 'The delivery it waits for' }),
    until: moment.optional(),
    attempt: z.int().optional().meta({ description: 'The number of the next attempt, where the sentence names it' }),
    attempts: z.int().optional().meta({ description: 'The number of the last attempt by the schedule' }),
    sentence: z
      .string()
      .meta({ description: 'In words', example: 'Attempt 3 of 5 goes out at 2026-01-31 12:00:00 UTC.' }),
  })
  .meta({ id: 'WaitingFor' });

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
    waiting_for: waiting.nullable().meta({ description: 'Why it has not gone; null when it is under way or settled' }),
    payload: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'What is sent, parsed; null after erasure' }),
    attempts: z.array(attempt).meta({ description: 'The newest 50, in order' }),
  })
  .meta({ id: 'Delivery' });

/** Makes deliveries what the API writes; the schedule says how many attempts one has. */
export const deliveryPresenter =
  ({ retryScheduleMs }: Pick<ApiConfig, 'retryScheduleMs'>) =>
  ({ body, attempts, waiting, ...row }: DeliveryView) => ({
    ...toJson(row),
    waiting_for:
      waiting === null ? null : waitingFor(waiting, { now: Date.now(), attempts: retryScheduleMs.length + 1 }),
    payload: body === null ? null : (JSON.parse(body) as Record<string, unknown>),
    attempts: attempts.map(toJson),
  });
