import { z } from 'zod';
import { text as anyText, uuid as anyUuid } from '../../schemas/fields.ts';

const uuidExample = '7b0f7f0c-9d57-4b43-8a1e-0f6f7f3c2a11';

export const uuid = anyUuid.meta({ example: uuidExample });

/** A uuid in an answer. */
export const uuidOut = z.string().meta({ format: 'uuid', example: uuidExample });
/** A moment in an answer: ISO 8601, UTC, milliseconds. */
export const moment = z.string().meta({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' });
/** Postgres has no year 0, no offset of 16 hours, and reads 128 characters of a moment. */
export const isStorableMoment = (value: string): boolean => {
  const year = new Date(value).getUTCFullYear();
  return value.length <= 40 && year >= 1 && year <= 9999 && !/[+-](?:1[6-9]|2\d):\d\d$/.test(value);
};

/** A moment in a request: ISO 8601 with `Z` or an offset. */
export const momentIn = z.iso
  .datetime({ offset: true, error: 'expected an ISO 8601 date and time', abort: true })
  .refine(isStorableMoment, { error: 'expected a moment of the years 1 to 9999, with an offset below 16 hours' })
  .meta({ example: '2026-01-31T12:00:00Z' });

/** A record of at most `most` keys: more of them are one issue, and none of them is looked at. */
export const atMostKeys = <Schema extends z.ZodType>(most: number, schema: Schema) =>
  z.preprocess((value, context) => {
    const isTooMuch = typeof value === 'object' && value !== null && Object.keys(value).length > most;
    if (isTooMuch) context.addIssue({ code: 'custom', message: `expected at most ${most} keys`, continue: false });
    return value;
  }, schema);

/** Text of the API's own records, at most `max` UTF-16 units. */
export const text = (max: number) => anyText.max(max, { error: `expected at most ${max} characters` });

/** No query parameter at all. */
export const noQuery = z.strictObject({});

export const organizationPath = z.object({ organizationId: uuid });
