import { escapeLiteral } from 'pg';

/**
 * The first statement of a transaction that counts an organization's rows before it adds one: two at the same
 * time cannot both be the last. Null: the backends.
 */
export const organizationLock = (kind: 'endpoints' | 'api keys', organizationId: string | null): string =>
  `select pg_advisory_xact_lock(hashtextextended(${escapeLiteral(`${kind} of ${organizationId ?? 'backends'}`)}, 0))`;
