import { z } from 'zod';

/**
 * Text that every store and every parser down the road can hold: Postgres refuses NUL, and a lone surrogate has no UTF-8.
 * Empty and long ones are legal.
 */
export const text = z.string().refine((value) => !value.includes('\0') && !/\p{Surrogate}/u.test(value), {
  error: 'expected text without NUL characters and lone surrogates',
});

/** Any 8-4-4-4-12 form; lower-cased at the edge, so that one id is one string everywhere. */
export const uuid = z.guid({ error: 'expected uuid' }).toLowerCase();

/** ISO 8601 in UTC, since 1970. `+00:00` is UTC too. */
export const utcTimestamp = z.iso
  .datetime({ offset: true, error: 'expected ISO 8601 UTC timestamp', abort: true })
  .refine((value) => /(Z|[+-]00:00)$/.test(value) && Date.parse(value) >= 0, {
    error: 'expected ISO 8601 UTC timestamp',
  });
