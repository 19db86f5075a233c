import type { Queryable } from './pool.ts';

export interface SealedSecretsRow {
  id: string;
  secret: Buffer;
  next_secret: Buffer | null;
}

export interface SealedStateRow {
  subject: string;
  state: Buffer;
}

/** A value in its place, and what is to stand there instead. */
export interface Resealed<Value> {
  id: string;
  old: Value;
  fresh: Value;
}

const isForeign = (column: string) => `substring(${column} for octet_length($1::bytea)) <> $1`;

/**
 * What is stored sealed (src/crypto/key-ring.ts): secrets of endpoints, deleted ones too, and states of ended leads.
 * `header` is that of the key they should be under. A value is replaced only where it still is what was read.
 */
export const sealedValues = (db: Queryable) => ({
  foreignSecrets: (header: Buffer, after: string | null, limit: number): Promise<SealedSecretsRow[]> =>
    db.query<SealedSecretsRow & Record<string, unknown>>(
      `select id, secret, next_secret from endpoints
        where (${isForeign('secret')} or ${isForeign('next_secret')}) and ($2::uuid is null or id > $2)
        order by id limit $3`,
      [header, after, limit],
    ),

  /** Of the newest endpoints, under any key. */
  newestSecrets: (limit: number): Promise<SealedSecretsRow[]> =>
    db.query<SealedSecretsRow & Record<string, unknown>>(
      'select id, secret, next_secret from endpoints order by created_at desc limit $1',
      [limit],
    ),

  /** Gives how many were replaced. */
  replaceSecrets: (rows: readonly Resealed<Pick<SealedSecretsRow, 'secret' | 'next_secret'>>[]): Promise<number> =>
    db.execute(
      `update endpoints p set secret = r.fresh, next_secret = r.next_fresh
         from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])
              as r (id, old, fresh, next_old, next_fresh)
        where p.id = r.id and p.secret = r.old and p.next_secret is not distinct from r.next_old`,
      [
        rows.map(({ id }) => id),
        rows.map(({ old }) => old.secret),
        rows.map(({ fresh }) => fresh.secret),
        rows.map(({ old }) => old.next_secret),
        rows.map(({ fresh }) => fresh.next_secret),
      ],
    ),

  foreignStates: (header: Buffer, after: string | null, limit: number): Promise<SealedStateRow[]> =>
    db.query<SealedStateRow & Record<string, unknown>>(
      `select subject, state from leads
        where ${isForeign('state')} and ($2::text is null or subject > $2) order by subject limit $3`,
      [header, after, limit],
    ),

  /** Gives how many were replaced. */
  replaceStates: (rows: readonly Resealed<Buffer>[]): Promise<number> =>
    db.execute(
      `update leads l set state = r.fresh from unnest($1::text[], $2::bytea[], $3::bytea[]) as r (subject, old, fresh)
        where l.subject = r.subject and l.state = r.old`,
      [rows.map(({ id }) => id), rows.map(({ old }) => old), rows.map(({ fresh }) => fresh)],
    ),

  /** How many do not begin with `header`. */
  async countForeign(header: Buffer): Promise<{ endpoints: number; leads: number }> {
    const [row] = await db.query<{ endpoints: number; leads: number }>(
      `select (select count(*)::int from endpoints where ${isForeign('secret')} or ${isForeign('next_secret')}) as endpoints,
              (select count(*)::int from leads where ${isForeign('state')}) as leads`,
      [header],
    );
    return row ?? { endpoints: 0, leads: 0 };
  },
});
