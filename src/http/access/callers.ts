import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { apiKeys, hashKey } from '../../db/api-keys.ts';
import type { Queryable } from '../../db/pool.ts';
import { type SessionRow, sessions } from '../../db/sessions.ts';

export type Role = 'operator' | 'ingest' | 'organization';

/** A session of a person in a browser. */
export interface Session {
  id: string;
  /** It may call nothing that changes anything. */
  readOnly: boolean;
  createdAt: Date;
  expiresAt: Date;
}

type Identity = { role: 'operator' } | { role: 'ingest' } | { role: 'organization'; organizationId: string };

/** A caller; `session` is null for one with a key. */
export type Principal = Identity & { session: Session | null };

/** The holder of a key; `apiKeyId` is null for the operator's, which has no row. */
export type KeyHolder = Identity & { apiKeyId: string | null };

/** How long a session lasts after signing in (milliseconds). */
export const sessionTtlMs = 12 * 60 * 60 * 1_000;

/** Finds the caller by key or session token, and begins and ends sessions. */
export function callers(db: Queryable, adminApiKey: string) {
  const operatorHash = hashKey(adminApiKey);
  const keys = apiKeys(db);
  const sessionRows = sessions(db);
  const hashToken = (token: string): Buffer => createHmac('sha256', operatorHash).update(token).digest();

  return {
    async byKey(key: string): Promise<KeyHolder | null> {
      const hash = hashKey(key);
      if (timingSafeEqual(hash, operatorHash)) return { role: 'operator', apiKeyId: null };
      return keys.findByHash(hash);
    },

    async byToken(token: string): Promise<Principal | null> {
      const row = await sessionRows.use(hashToken(token));
      return row === null ? null : principalOfRow(row);
    },

    /** Begins a session; its token is given this once. */
    async begin(
      holder: Exclude<KeyHolder, { role: 'ingest' }>,
      { readOnly = false, ttlMs = sessionTtlMs }: { readOnly?: boolean; ttlMs?: number } = {},
    ): Promise<{ principal: Principal; token: string }> {
      const token = randomBytes(32).toString('base64url');
      const row = await sessionRows.create({
        tokenHash: hashToken(token),
        role: holder.role,
        organizationId: holder.role === 'organization' ? holder.organizationId : null,
        apiKeyId: holder.apiKeyId,
        readOnly,
        ttlMs,
      });
      return { principal: principalOfRow(row), token };
    },

    end: (token: string): Promise<void> => sessionRows.end(hashToken(token)),
  };
}

export type Callers = ReturnType<typeof callers>;

function principalOfRow({ id, organization_id, read_only, created_at, expires_at }: SessionRow): Principal {
  const session = { id, readOnly: read_only, createdAt: created_at, expiresAt: expires_at };
  return organization_id === null
    ? { role: 'operator', session }
    : { role: 'organization', organizationId: organization_id, session };
}
