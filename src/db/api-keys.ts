import { createHash, randomBytes } from 'node:crypto';
import { organizationLock } from './organization-lock.ts';
import { type Page, type PageRequest, queryPage } from './page.ts';
import type { Database, Queryable } from './pool.ts';

export interface ApiKeyRow {
  id: string;
  role: 'ingest' | 'organization';
  created_at: Date;
}

/** SHA-256: a key has 256 random bits, so a slow hash would add nothing. */
export const hashKey = (key: string): Buffer => createHash('sha256').update(key).digest();

const prefixes = { ingest: 'sk_ingest_', organization: 'sk_org_' } as const;
const newKey = (role: ApiKeyRow['role']): string => prefixes[role] + randomBytes(32).toString('base64url');

export type ApiKeyHolder = { apiKeyId: string } & (
  | { role: 'ingest' }
  | { role: 'organization'; organizationId: string }
);

/** The most keys of an organization, and of the backends: enough to rotate them, and no way to fill the table. */
const maxApiKeys = 100;

/** A condition with which the index of the keys is used. */
const owned = (organizationId: string | null): string =>
  organizationId === null ? 'organization_id is null and $1::uuid is null' : 'organization_id = $1';

/** Makes a key and gives it in clear: this once. Null when there are `maxApiKeys` already. */
export async function createApiKey(
  db: Database,
  organizationId: string | null,
): Promise<(ApiKeyRow & { key: string }) | null> {
  const role = organizationId === null ? 'ingest' : 'organization';
  const key = newKey(role);
  const insert = `insert into api_keys (organization_id, role, key_hash)
      select $1, $2, $3 where (select count(*) from api_keys where ${owned(organizationId)}) < $4
      returning id, role, created_at`;
  const [row] = await db.tx(
    (tx) => tx.query<ApiKeyRow>(insert, [organizationId, role, hashKey(key), maxApiKeys]),
    organizationLock('api keys', organizationId),
  );
  return row ? { ...row, key } : null;
}

/** Keys are kept as hashes only. `organizationId` null means the backends' keys. */
export const apiKeys = (db: Queryable) => ({
  async findByHash(hash: Buffer): Promise<ApiKeyHolder | null> {
    const [row] = await db.prepared<{ id: string; organization_id: string | null }>(
      'api-key-by-hash',
      'select id, organization_id from api_keys where key_hash = $1',
      [hash],
    );
    if (row === undefined) return null;
    return row.organization_id === null
      ? { apiKeyId: row.id, role: 'ingest' }
      : { apiKeyId: row.id, role: 'organization', organizationId: row.organization_id };
  },

  /** Oldest first. */
  list: (organizationId: string | null, request: PageRequest): Promise<Page<ApiKeyRow>> =>
    queryPage<ApiKeyRow>(
      db,
      {
        table: 'api_keys',
        columns: 'id, role, created_at',
        where: owned(organizationId),
        values: [organizationId],
        order: 'oldest first',
      },
      request,
    ),

  /** Whether there was such a key. */
  async delete(organizationId: string | null, id: string): Promise<boolean> {
    return (
      (await db.execute('delete from api_keys where id = $1 and organization_id is not distinct from $2::uuid', [
        id,
        organizationId,
      ])) > 0
    );
  },
});
