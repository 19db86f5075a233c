import { createHash } from 'node:crypto';

/**
 * SHA-256, hex, of a validated event: the same id with another fingerprint is a conflict (spec section 2). The order of
 * keys, and whether an unknown field is null or absent, make no difference.
 */
export function fingerprint(event: object): string {
  return createHash('sha256').update(JSON.stringify(event, canonical)).digest('hex');
}

/** A JSON.stringify replacer: sorted keys, nulls left out. Nulls in arrays stay: their place has a meaning. */
function canonical(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
