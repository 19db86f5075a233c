import type { Queryable } from './pool.ts';

/** Where an endpoint is and what signs for it; the secrets sealed under the context `endpoint/<id>`. */
export interface EndpointSecrets {
  endpointId: string;
  url: string;
  secret: Buffer;
  nextSecret: Buffer | null;
  overlapEndsAt: Date | null;
}

interface SecretsRow {
  id: string;
  url: string;
  secret: Buffer;
  next_secret: Buffer | null;
  overlap_ends_at: Date | null;
}

const live = 'organization_id = $1 and id = $2 and deleted_at is null';

export const endpointSecrets = (db: Queryable) => ({
  /**
   * Makes `next` (sealed) the newest secret; false: there is no such endpoint. The present secret stays first
   * until the overlap ends; with 0 it is gone. Within an overlap only the secret to come is replaced.
   */
  async rotate(organizationId: string, id: string, next: Buffer, overlapSeconds: number): Promise<boolean> {
    const rotated = await db.execute(
      `update endpoints set
              secret = case when $4 = 0 then $3 when overlap_ends_at <= now() then next_secret else secret end,
              next_secret = case when $4 > 0 then $3 end,
              overlap_ends_at = case when $4 > 0 then now() + make_interval(secs => $4) end,
              updated_at = now()
        where ${live}`,
      [organizationId, id, next, overlapSeconds],
    );
    return rotated > 0;
  },

  /** What signs for an endpoint; an overlap that is over ends first. Null: there is no such endpoint. */
  async get(organizationId: string, id: string): Promise<EndpointSecrets | null> {
    await endOverlaps(db, id);
    const [row] = await db.query<SecretsRow>(
      `select id, url, secret, next_secret, overlap_ends_at from endpoints where ${live}`,
      [organizationId, id],
    );
    if (row === undefined) return null;
    const { secret, next_secret: nextSecret, overlap_ends_at: overlapEndsAt } = row;
    return { endpointId: row.id, url: row.url, secret, nextSecret, overlapEndsAt };
  },

  /** Forgets the old secret of every rotation whose overlap has ended, and says of how many. */
  endOverlaps: (): Promise<number> => endOverlaps(db, null),
});

/** Attempts do without: they go by the time, not by the row (`signingSecrets`). */
const endOverlaps = (db: Queryable, endpointId: string | null): Promise<number> =>
  db.execute(
    `update endpoints set secret = next_secret, next_secret = null, overlap_ends_at = null
      where overlap_ends_at <= now() and ($1::uuid is null or id = $1)`,
    [endpointId],
  );
