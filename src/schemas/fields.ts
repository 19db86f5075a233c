import { z } from 'zod';

/**
 * Text that every store and every parser down the road can hold: Postgres refuses NUL, and a lone
 * surrogate has no UTF-8. Empty and long ones are legal.
 */
export const text = z.string().refine((value) => !value.includes('\0') && !/\p{Surrogate}/u.test(value), {
  error: 'expected text without NUL characters and lone surrogates',
});

/** Any 8-4-4-4-12 form; lower-cased at the edge, so that one id is one string everywhere. */
export const uuid = z.guid({ error: 'expected uuid' }).toLowerCase();

/** ISO 8601 in UTC, since 1970. `+00:00` is UTC too. */
const utcTimestamp = z.iso
  .datetime({ offset: true, error: 'expected ISO 8601 UTC timestamp', abort: true })
  .refine((value) => /(Z|[+-]00:00)$/.test(value) && Date.parse(value) >= 0, {
    error: 'expected ISO 8601 UTC timestamp',
  });

/**
 * How far a backend's clock may be ahead of ours: a later moment would win over every change until
 * then (spec section 2).
 */
const maxAheadMs = 24 * 60 * 60 * 1_000;

/** The moment of an inbound event. */
export const inboundTimestamp = utcTimestamp.refine((value) => Date.parse(value) <= Date.now() + maxAheadMs, {
  error: 'expected timestamp at most 24 h ahead of now',
});

const inRange = { error: `expected number from -${Number.MAX_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}` };

/**
 * A number that JSON readers agree on (RFC 8259 §6). An integer beyond ±(2^53 − 1) is read as a double that is beyond
 * it too, so no look at the JSON text is needed. Larger than any double is read as infinite, which is no number.
 */
export const number = z.number().min(Number.MIN_SAFE_INTEGER, inRange).max(Number.MAX_SAFE_INTEGER, inRange);
