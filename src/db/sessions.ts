import type { Queryable } from './pool.ts';

export interface SessionRow {
  id: string;
  role: 'operator' | 'organization';
  organization_id: string | null;
  read_only: boolean;
  created_at: Date;
  expires_at: Date;
}

export interface NewSession {
  tokenHash: Buffer;
  role: SessionRow['role'];
  organizationId: string | null;
  /** The key that signs in: the session ends with it. Null: the operator's. */
  apiKeyId: string | null;
  readOnly: boolean;
  ttlMs: number;
}

/** A session as lists show it. */
export interface ListedSession extends SessionRow {
  last_used_at: Date;
}

const columns = 'id, role, organization_id, read_only, created_at, expires_at';

/** The most sessions of one key. The operator's key counts as one, the portal links of an organization too. */
export const maxSessions = 50;

// A sign-in is rare: it also removes expired sessions and those beyond the bound, so no job has to.
const createSql = (isSameHolder: string): string => `
  with expired as (
    delete from sessions where expires_at <= now()
  ), crowded_out as (
    delete from sessions where id in (
      select id from sessions where ${isSameHolder} and expires_at > now()
       order by last_used_at desc, created_at desc, id offset ${maxSessions - 1})
  )
  insert into sessions (token_hash, role, organization_id, api_key_id, read_only, expires_at)
  values ($1, $2, $3, $4, $5, now() + $6 * interval '1 millisecond')
  returning ${columns}`;
const createForKeySql = createSql('api_key_id = $4');
const createWithoutKeySql = createSql('api_key_id is null and organization_id is not distinct from $3');

const useSql = `
  with session as (
    select ${columns}, last_used_at from sessions where token_hash = $1 and expires_at > now()
  ), used as (
    update sessions set last_used_at = now() from session
     where sessions.id = session.id and session.last_used_at < now() - interval '1 minute'
  )
  select ${columns} from session`;

/** Sessions of people in a browser, kept by the hash of their token only. */
export const sessions = (db: Queryable) => ({
  /** Begins a session; of the same key's the one that was used least recently ends when there are `maxSessions`. */
  async create({ tokenHash, role, organizationId, apiKeyId, readOnly, ttlMs }: NewSession): Promise<SessionRow> {
    const values = [tokenHash, role, organizationId, apiKeyId, readOnly, ttlMs];
    const [row] = await db.query<SessionRow>(apiKeyId === null ? createWithoutKeySql : createForKeySql, values);
    if (row === undefined) throw new Error(`a session of role ${role} was not written`);
    return row;
  },

  /** The session that has not expired, noting that it was used; null when there is none. */
  async use(tokenHash: Buffer): Promise<SessionRow | null> {
    return (await db.prepared<SessionRow>('use-session', useSql, [tokenHash]))[0] ?? null;
  },

  /** Ends the session with this token, when there is one. */
  async end(tokenHash: Buffer): Promise<void> {
    await db.execute('delete from sessions where token_hash = $1', [tokenHash]);
  },

  /** Those that have not expired, newest first: of an organization; null: the operator's. */
  list: (organizationId: string | null): Promise<ListedSession[]> =>
    db.query<ListedSession>(
      `select ${columns}, last_used_at from sessions
        where organization_id is not distinct from $1::uuid and expires_at > now() order by created_at desc, id limit 100`,
      [organizationId],
    ),

  /** Ends one of them, or all; gives how many there were. */
  endOf: (organizationId: string | null, id: string | null): Promise<number> =>
    db.execute(
      `delete from sessions where organization_id is not distinct from $1::uuid and ($2::uuid is null or id = $2) and expires_at > now()`,
      [organizationId, id],
    ),
});
