import { z } from 'zod';
import { text as anyText, uuid as anyUuid } from '../schemas/fields.ts';

const uuidExample = '7b0f7f0c-9d57-4b43-8a1e-0f6f7f3c2a11';

export const uuid = anyUuid.meta({ example: uuidExample });

/** A uuid in an answer. */
export const uuidOut = z.string().meta({ format: 'uuid', example: uuidExample });
/** A moment in an answer: ISO 8601, UTC, milliseconds. */
export const moment = z.string().meta({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' });
/** A moment in a query: ISO 8601 with `Z` or an offset. */
export const momentIn = z.iso
  .datetime({ offset: true, error: 'expected an ISO 8601 date and time' })
  .meta({ example: '2026-01-31T12:00:00Z' });

/** Text of the API's own records, at most `max` UTF-16 units. */
export const text = (max: number) => anyText.max(max, { error: `expected at most ${max} characters` });

/** No query parameter at all. */
export const noQuery = z.strictObject({});

export const organizationPath = z.object({ organizationId: uuid });
