import type { Mode } from '../domain/lead.ts';
import { organizationLock } from './organization-lock.ts';
import { type Page, type PageRequest, queryPage } from './page.ts';
import type { Database, Queryable } from './pool.ts';

/** An endpoint as it may be shown: never its secret. */
export interface EndpointRow {
  id: string;
  kind: 'webhook' | 'listener';
  url: string;
  description: string | null;
  events: string[];
  mode: Mode;
  status: 'active' | 'paused';
  paused_reason: string | null;
  max_in_flight: number;
  rate_limit: number | null;
  created_at: Date;
  updated_at: Date;
}

export interface NewEndpoint {
  id: string;
  url: string;
  description: string | null;
  events: string[];
  mode: Mode;
  /** The most requests open there at once. */
  maxInFlight: number;
  /** The most attempts a second; null: as many as come. */
  rateLimit: number | null;
  /** Sealed by the key ring under the context `endpoint/<id>`. */
  secret: Uint8Array;
}

export interface EndpointChange {
  url?: string | undefined;
  description?: string | null | undefined;
  events?: string[] | undefined;
  maxInFlight?: number | undefined;
  rateLimit?: number | null | undefined;
}

const columns =
  'id, kind, url, description, events, mode, status, paused_reason, max_in_flight, rate_limit, created_at, updated_at';
const live = 'organization_id = $1 and id = $2 and deleted_at is null';

/** Makes an endpoint; null when the organization has `most` already. */
export const createEndpoint = (
  db: Database,
  organizationId: string,
  { id, url, description, events, mode, maxInFlight, rateLimit, secret }: NewEndpoint,
  most: number,
): Promise<EndpointRow | null> =>
  db.tx(
    async (tx) => {
      const [row] = await tx.query<EndpointRow>(
        `insert into endpoints (organization_id, id, url, description, events, mode, max_in_flight, rate_limit, secret)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9
          where (select count(*) from endpoints where organization_id = $1 and deleted_at is null) < $10
         returning ${columns}`,
        [organizationId, id, url, description, events, mode, maxInFlight, rateLimit, secret, most],
      );
      return row ?? null;
    },
    organizationLock('endpoints', organizationId),
  );

export const endpoints = (db: Queryable) => ({
  async get(organizationId: string, id: string): Promise<EndpointRow | null> {
    return (
      (await db.query<EndpointRow>(`select ${columns} from endpoints where ${live}`, [organizationId, id]))[0] ?? null
    );
  },

  /** Oldest first. */
  list: (organizationId: string, request: PageRequest): Promise<Page<EndpointRow>> =>
    queryPage<EndpointRow>(
      db,
      {
        table: 'endpoints',
        columns,
        where: 'organization_id = $1 and deleted_at is null',
        values: [organizationId],
        order: 'oldest first',
      },
      request,
    ),

  /** Changes the fields that are given; null: no such endpoint. A choice of events applies from the next emission. */
  async change(
    organizationId: string,
    id: string,
    { url, description, events, maxInFlight, rateLimit }: EndpointChange,
  ): Promise<EndpointRow | null> {
    const rows = await db.query<EndpointRow>(
      `update endpoints set url = coalesce($3, url), events = coalesce($4, events),
              description = case when $6 then $5 else description end, max_in_flight = coalesce($7, max_in_flight),
              rate_limit = case when $9 then $8 else rate_limit end, updated_at = now()
        where ${live} returning ${columns}`,
      [
        organizationId,
        id,
        url ?? null,
        events ?? null,
        description ?? null,
        description !== undefined,
        maxInFlight ?? null,
        rateLimit ?? null,
        rateLimit !== undefined,
      ],
    );
    return rows[0] ?? null;
  },
});
