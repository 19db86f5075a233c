import type { Queryable } from './pool.ts';

/** Something that an operator or a partner should look at. */
export interface AttentionRow {
  kind: 'endpoint_paused' | 'endpoint_failing' | 'deliveries_abandoned' | 'waiting_for_enrichment';
  organization_id: string;
  organization_name: string | null;
  endpoint_id: string | null;
  /** The endpoint's URL; null for what is about no endpoint. */
  url: string | null;
  /** Why an endpoint is paused. */
  paused_reason: string | null;
  /** Deliveries or leads; up to `mostAttended`. */
  count: number;
  /** Since when, or the oldest of them. */
  since: Date | null;
}

/** Counts end here: more is only "many". */
export const mostAttended = 1_000;
const mostRows = 100;
const mostOrganizations = 2_000;

// Organizations and endpoints one after the other, so that each count is a probe of an index that begins with their id.
const attentionSql = `
  with chosen as materialized (
    select id, name from organizations where $1::uuid is null or id = $1 order by created_at desc limit ${mostOrganizations}
  )
  select case when e.status = 'paused' then 'endpoint_paused' else 'endpoint_failing' end as kind,
         o.id as organization_id, o.name as organization_name, e.id as endpoint_id, e.url, e.paused_reason, u.count,
         case when e.status = 'paused' then e.updated_at else e.failing_since end as since
    from endpoints e join chosen o on o.id = e.organization_id
   cross join lateral (select count(*)::int as count from (
          select from deliveries where endpoint_id = e.id and status not in ('delivered', 'abandoned') limit ${mostAttended}) c) u
   where e.deleted_at is null and (e.status = 'paused' or e.failing_since is not null)
  union all
  select 'deliveries_abandoned', o.id, o.name, null, null, null, a.count, a.since
    from chosen o cross join lateral (
          select least(coalesce(sum(one.count), 0), ${mostAttended})::int as count, min(one.since) as since
            from endpoints e cross join lateral (select count(*) as count, min(created_at) as since from (
                   select created_at from deliveries where endpoint_id = e.id and status = 'abandoned' and created_at >= $2
                    order by created_at desc limit ${mostAttended}) c) one
           where e.organization_id = o.id and e.deleted_at is null) a
   where a.count > 0
  union all
  select 'waiting_for_enrichment', o.id, o.name, null, null, null, w.count, w.since
    from chosen o cross join lateral (select count(*)::int as count, min(created_at) as since from (
          select created_at from leads where organization_id = o.id and stage = 'waiting_for_enrichment' and created_at < $3
           order by created_at desc limit ${mostAttended}) c) w
   where w.count > 0
   limit ${mostRows}`;

export interface AttentionLimits {
  /** Deliveries abandoned of those created since. */
  abandonedSince: Date;
  /** Leads created before that still wait for their enrichment. */
  waitingSince: Date;
}

export const attention = (db: Queryable) => ({
  /** Of one organization; null: of all. */
  of: (organizationId: string | null, { abandonedSince, waitingSince }: AttentionLimits): Promise<AttentionRow[]> =>
    db.query<AttentionRow>(attentionSql, [organizationId, abandonedSince, waitingSince]),
});
