import { createHash, randomBytes } from 'node:crypto';
import type { Queryable } from './pool.ts';

// A code has 256 random bits: a slow hash would add nothing.
const hashCode = (code: string): Buffer => createHash('sha256').update(code).digest();

export interface PortalLink {
  organization_id: string;
  read_only: boolean;
}

/** One-time codes that open an organization's console without a key. */
export const portalLinks = (db: Queryable) => ({
  /** Makes a code and gives it in clear, this once. Expired codes are removed here, so no job has to. */
  async create(
    organizationId: string,
    readOnly: boolean,
    ttlSeconds: number,
  ): Promise<{ code: string; expiresAt: Date }> {
    const code = randomBytes(32).toString('base64url');
    const [row] = await db.query<{ expires_at: Date }>(
      `with expired as (delete from portal_links where expires_at <= now())
       insert into portal_links (code_hash, organization_id, read_only, expires_at)
       values ($1, $2, $3, now() + make_interval(secs => $4)) returning expires_at`,
      [hashCode(code), organizationId, readOnly, ttlSeconds],
    );
    if (row === undefined) throw new Error(`a portal link of ${organizationId} was not written`);
    return { code, expiresAt: row.expires_at };
  },

  /** Uses a code up; null when there is none, it was used, or it expired. Of two at once one gets it. */
  async use(code: string): Promise<PortalLink | null> {
    const [row] = await db.query<PortalLink>(
      `update portal_links set used_at = now() where code_hash = $1 and used_at is null and expires_at > now()
       returning organization_id, read_only`,
      [hashCode(code)],
    );
    return row ?? null;
  },
});
