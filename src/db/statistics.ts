import type { Queryable } from './pool.ts';

/** Counts of deliveries created in a span of time; latencies from emission to delivery (milliseconds), null: none. */
export interface DeliveryCounts {
  delivered: number;
  abandoned: number;
  unsettled: number;
  p50_ms: number | null;
  p95_ms: number | null;
}

export interface Statistics {
  total: DeliveryCounts;
  /** Of the spans in which anything was created, oldest first. */
  buckets: (DeliveryCounts & { at: Date })[];
  /** False: there were more than are counted, and some of those before `countedSince` are left out. */
  isComplete: boolean;
  countedSince: Date;
}

/** The most deliveries that are read for one answer, so that its time does not grow with the organization. */
const mostCounted = 10_000;
/** The most of each organization where all are counted: one that is busy leaves room for the others. */
const mostCountedEach = 1_000;

const columns = 'organization_id, endpoint_id, status, created_at, delivered_at';

// No other condition than these, so that the index by organization, or by endpoint, gives the newest rows first.
const ofOrganization = `
  select ${columns}, ${mostCounted} as most from deliveries
   where organization_id = $3 and created_at >= $1 order by created_at desc limit ${mostCounted + 1}`;
const ofEndpoint = `
  select ${columns}, ${mostCounted} as most from deliveries
   where endpoint_id = $4 and (organization_id = $3) is true and created_at >= $1 order by created_at desc limit ${mostCounted + 1}`;
// Organizations without a delivery take no share: an answer has room for something of every other one.
const shareEach = `
  select id, greatest(1, least(${mostCountedEach}, ${mostCounted} / count(*) over ())) as most from organizations o
   cross join lateral (select from deliveries where organization_id = o.id and created_at >= $1 limit 1) one`;
const ofAll = `
  select d.* from (${shareEach}) o
   cross join lateral (select ${columns}, o.most from deliveries
                        where organization_id = o.id and created_at >= $1
                        order by created_at desc limit o.most + 1) d`;

// Latencies are computed once, and sorted once for both percentiles.
// What waits at a deleted endpoint reads as abandoned.
const summary = (newest: string) => `
  with recent as materialized (
    select date_bin(make_interval(secs => $2), d.created_at, $1) as bin, d.organization_id, d.created_at, d.most,
           (extract(epoch from d.delivered_at - d.created_at) * 1000)::float8 as latency,
           case when d.status in ('delivered', 'abandoned') then d.status
                when p.id is not null and d.status <> 'delivering' then 'abandoned' else 'unsettled' end as outcome
      from (${newest}) d left join endpoints p on p.id = d.endpoint_id and p.deleted_at is not null
  ), cut as (
    select min(created_at) as since from recent group by organization_id, most having count(*) > most
  ), counted as (
    select bin as at,
           count(*) filter (where outcome = 'delivered')::int as delivered,
           count(*) filter (where outcome = 'abandoned')::int as abandoned,
           count(*) filter (where outcome = 'unsettled')::int as unsettled,
           percentile_cont('{0.5, 0.95}'::float8[]) within group (order by latency)
             filter (where outcome = 'delivered') as percentiles
      from recent group by grouping sets ((bin), ())
  )
  select at, delivered, abandoned, unsettled, round(percentiles[1]) as p50_ms, round(percentiles[2]) as p95_ms,
         (select max(since) from cut) as cut_since
    from counted order by at nulls first`;

interface SummaryRow extends DeliveryCounts {
  /** Null in the row of the total. */
  at: Date | null;
  /** Of every organization all are counted since then; null: nothing was left out. */
  cut_since: Date | null;
}

export interface StatisticsRange {
  since: Date;
  bucketSeconds: number;
}

/** How deliveries went: of an organization, of one of its endpoints, or of all. */
export const statistics = (db: Queryable) => ({
  async of(organizationId: string, endpointId: string | undefined, range: StatisticsRange): Promise<Statistics> {
    const values = [range.since, range.bucketSeconds, organizationId];
    const rows =
      endpointId === undefined
        ? await db.query<SummaryRow>(summary(ofOrganization), values)
        : await db.query<SummaryRow>(summary(ofEndpoint), [...values, endpointId]);
    return toStatistics(rows, range.since);
  },

  async ofAll({ since, bucketSeconds }: StatisticsRange): Promise<Statistics> {
    return toStatistics(await db.query<SummaryRow>(summary(ofAll), [since, bucketSeconds]), since);
  },
});

const none: DeliveryCounts = { delivered: 0, abandoned: 0, unsettled: 0, p50_ms: null, p95_ms: null };

function toStatistics(rows: SummaryRow[], since: Date): Statistics {
  const [total, ...buckets] = rows;
  const cutSince = total?.cut_since ?? null;
  return {
    total: total === undefined ? none : counts(total),
    buckets: buckets.flatMap((row) => (row.at === null ? [] : [{ at: row.at, ...counts(row) }])),
    isComplete: cutSince === null,
    countedSince: cutSince ?? since,
  };
}

const counts = ({ delivered, abandoned, unsettled, p50_ms, p95_ms }: SummaryRow): DeliveryCounts => ({
  delivered,
  abandoned,
  unsettled,
  p50_ms,
  p95_ms,
});
