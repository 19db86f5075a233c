import type { Queryable } from './pool.ts';

/** Counts of deliveries created in one span of time; latencies in milliseconds from emission to delivery, null where none. */
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
  /** False: there were more than are counted, and what is older than `countedSince` is left out. */
  isComplete: boolean;
  countedSince: Date;
}

/** The most deliveries that are read for one answer, so that its time does not grow with the organization. */
export const mostCounted = 20_000;
const mostCountedEach = 2_000;

// Without the plain conditions of a filter, so that the index by organization, or by endpoint, gives the newest rows first.
const ofOrganization = `
  select status, created_at, delivered_at from deliveries
   where organization_id = $3 and created_at >= $1 order by created_at desc limit ${mostCounted + 1}`;
const ofEndpoint = `
  select status, created_at, delivered_at from deliveries
   where endpoint_id = $4 and organization_id = $3 and created_at >= $1 order by created_at desc limit ${mostCounted + 1}`;
const ofAll = `
  select d.status, d.created_at, d.delivered_at from organizations o
   cross join lateral (select status, created_at, delivered_at from deliveries
                        where organization_id = o.id and created_at >= $1
                        order by created_at desc limit ${mostCountedEach}) d
   limit ${mostCounted + 1}`;

const latency = 'extract(epoch from delivered_at - created_at) * 1000';
const percentile = (share: number) =>
  `round(percentile_cont(${share}) within group (order by ${latency}) filter (where status = 'delivered'))::float8`;
const summary = (recent: string) => `
  with recent as materialized (${recent})
  select date_bin(make_interval(secs => $2), created_at, $1) as at, count(*)::int as counted, min(created_at) as oldest,
         count(*) filter (where status = 'delivered')::int as delivered,
         count(*) filter (where status = 'abandoned')::int as abandoned,
         count(*) filter (where status not in ('delivered', 'abandoned'))::int as unsettled,
         ${percentile(0.5)} as p50_ms, ${percentile(0.95)} as p95_ms
    from recent group by grouping sets ((date_bin(make_interval(secs => $2), created_at, $1)), ()) order by at nulls first`;

interface SummaryRow extends DeliveryCounts {
  /** Null in the row of the total. */
  at: Date | null;
  counted: number;
  oldest: Date | null;
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
  const isComplete = (total?.counted ?? 0) <= mostCounted;
  return {
    total: total === undefined ? none : counts(total),
    buckets: buckets.flatMap((row) => (row.at === null ? [] : [{ at: row.at, ...counts(row) }])),
    isComplete,
    countedSince: isComplete ? since : (total?.oldest ?? since),
  };
}

const counts = ({ delivered, abandoned, unsettled, p50_ms, p95_ms }: SummaryRow): DeliveryCounts => ({
  delivered,
  abandoned,
  unsettled,
  p50_ms,
  p95_ms,
});
