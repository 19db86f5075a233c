import type { DeliveryStatus } from '../domain/outcome.ts';
import type { Queryable } from './pool.ts';
import { shownByEndpoint } from './shown-status.ts';

/** How an endpoint is doing, and what an action on it would touch. */
export interface EndpointHealthRow {
  endpoint_id: string;
  failing_since: Date | null;
  /** After a resume: `probe` while one delivery goes first, `drain` while the rest follows. */
  resume_phase: 'probe' | 'drain' | null;
  /** Deliveries that are not settled, each counted up to the most that was asked for. */
  pending: number;
  delivering: number;
  retrying: number;
  held: number;
  oldest_unsettled_at: Date | null;
  last_delivered_at: Date | null;
  /** Of the newest deliveries, newest first. */
  recent: DeliveryStatus[];
}

const unsettled = ['pending', 'delivering', 'retrying', 'held'] as const;
/** The number of newest deliveries that show how an endpoint is doing. */
const recentCount = 40;

// One probe of the partial index per status: its rows come in order of age, and no more are read than are counted.
const counted = (status: string) =>
  `(select count(*)::int from (select from deliveries where endpoint_id = p.id and status = '${status}'
      and status not in ('delivered', 'abandoned') limit $3) counted) as ${status}`;
const oldest = unsettled
  .map(
    (status) => `(select created_at from deliveries where endpoint_id = p.id and status = '${status}'
      and status not in ('delivered', 'abandoned') order by created_at limit 1)`,
  )
  .join(', ');

const healthSql = `
  select p.id as endpoint_id, p.failing_since, p.resume_phase, p.status = 'paused' or p.resume_phase is not distinct from 'probe' as holds, ${unsettled.map(counted).join(', ')},
         least(${oldest}) as oldest_unsettled_at, r.last_delivered_at, coalesce(r.recent, '{}') as recent
    from endpoints p
    left join lateral (
      select array_agg(${shownByEndpoint('status')} order by created_at desc) as recent, max(delivered_at) as last_delivered_at
        from (select status, created_at, delivered_at from deliveries where endpoint_id = p.id
               order by created_at desc, id limit ${recentCount}) newest) r on true
   where p.organization_id = $1 and p.deleted_at is null and p.id = any ($2::uuid[])`;

export const endpointHealth = (db: Queryable) => ({
  /** Of the given endpoints of an organization; those of another are not among them. Counts go up to `mostCounted`. */
  async of(organizationId: string, endpointIds: readonly string[], mostCounted: number): Promise<EndpointHealthRow[]> {
    const rows = await db.query<EndpointHealthRow & { holds: boolean }>(healthSql, [
      organizationId,
      endpointIds,
      mostCounted,
    ]);
    return rows.map((row) => asShown(row, mostCounted));
  },
});

/** A pause is a change of the endpoint's row alone: what waits there reads as held, and no longer when it is over. */
function asShown({ holds, ...row }: EndpointHealthRow & { holds: boolean }, mostCounted: number): EndpointHealthRow {
  const { pending, retrying, held, resume_phase } = row;
  const most = (count: number) => Math.min(count, mostCounted);
  if (holds) return { ...row, pending: 0, retrying: 0, held: most(pending + retrying + held) };
  return resume_phase === null ? { ...row, pending: most(pending + held), held: 0 } : row;
}
