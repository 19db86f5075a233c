import type { DeliveryStatus } from '../domain/outcome.ts';
import { leadSubject } from '../domain/ids.ts';
import { type DeliveryRow, type DeliveryView, withDetails } from './delivery-details.ts';
import { isOlder, type Page, type PageRequest, type Positioned, positionColumns, toPage } from './page.ts';
import type { Queryable } from './pool.ts';
import {
  rowStatuses,
  shownByEndpoint,
  shownNextAttemptAt,
  shownReason,
  shownSettledAt,
  shownStatus,
} from './shown-status.ts';

export interface DeliveryFilter {
  status?: DeliveryStatus | undefined;
  event?: string | undefined;
  endpointId?: string | undefined;
  leadId?: string | undefined;
  /** ISO 8601; `created_at` from `since` on, before `until`. */
  since?: string | undefined;
  until?: string | undefined;
}

/** Deliveries of one lead that are read at once, and payloads of one answer (UTF-16 units): the newest fit in first. */
const mostOfLead = 100;
const mostPayload = 4 * 1024 * 1024;

/** Of delivery `d` at endpoint `p`, as it reads. */
const columns = `d.id, d.event_id, d.event, d.endpoint_id, d.lead_id, d.sequence, ${shownStatus} as status,
  ${shownReason} as reason, d.created_at, ${shownNextAttemptAt} as next_attempt_at, d.delivered_at,
  ${shownSettledAt} as settled_at`;
const shown = (deliveries: string, more = ''): string =>
  `select ${columns} ${more} from ${deliveries} d join endpoints p on p.id = d.endpoint_id`;

/** Deliveries as they read, with their attempts. */
export const deliveries = (db: Queryable) => ({
  async get(organizationId: string, id: string): Promise<DeliveryView | null> {
    const rows = await db.query<DeliveryRow>(`${shown('deliveries')} where d.id = $1 and d.organization_id = $2`, [
      id,
      organizationId,
    ]);
    return (await withDetails(db, rows))[0] ?? null;
  },

  /** Newest first; a page ends early where its payloads would be more than one answer may have. */
  async list(organizationId: string, filter: DeliveryFilter, request: PageRequest): Promise<Page<DeliveryView>> {
    const { sql, values } = listStatement(organizationId, filter, request);
    const found = await db.query<Positioned<DeliveryRow>>(sql, values);
    const page = toPage<DeliveryRow>(found, request.limit);
    const rows = fitting(await withDetails(db, page.rows));
    return { rows, next: rows.length === page.rows.length ? page.next : toPage(found, rows.length).next };
  },

  /** The newest of one lead, oldest first; `isTruncated` says that there are older ones. */
  async ofSubject(subject: string): Promise<{ rows: DeliveryView[]; isTruncated: boolean }> {
    const found = await db.query<DeliveryRow>(
      `${shown('deliveries')} where d.subject = $1
        order by d.created_at desc, d.endpoint_id desc, d.sequence desc limit $2`,
      [subject, mostOfLead + 1],
    );
    const rows = fitting(await withDetails(db, found.slice(0, mostOfLead)));
    return { rows: rows.reverse(), isTruncated: rows.length < found.length };
  },
});

/** One more than a page has. */
function listStatement(
  organizationId: string,
  filter: DeliveryFilter,
  { limit, after }: PageRequest,
): { sql: string; values: unknown[] } {
  const values: unknown[] = [organizationId];
  const given = (value: unknown): string => `$${values.push(value)}`;
  const { status } = filter;
  // A delivered one reads so also at a paused or deleted endpoint; most deliveries are delivered.
  const isByEndpoint = status !== undefined && status !== 'delivered';
  // `is true` keeps the indexes by organization out: an endpoint's own narrow further, which the planner cannot know.
  const isNarrower = isByEndpoint || filter.endpointId !== undefined;
  const conditions = [isNarrower ? '(organization_id = $1) is true' : 'organization_id = $1'];
  if (filter.event !== undefined) conditions.push(`event = ${given(filter.event)}`);
  if (filter.endpointId !== undefined) conditions.push(`endpoint_id = ${given(filter.endpointId)}`);
  // By subject: the unique key of the lanes starts with it, so no index of its own is needed.
  if (filter.leadId !== undefined) conditions.push(`subject = ${given(leadSubject(organizationId, filter.leadId))}`);
  if (filter.since !== undefined) conditions.push(`created_at >= ${given(filter.since)}::timestamptz`);
  if (filter.until !== undefined) conditions.push(`created_at < ${given(filter.until)}::timestamptz`);
  if (after !== null) conditions.push(isOlder('created_at', 'id', given(after.at), given(after.id)));
  if (status === 'delivered') conditions.push(`status = 'delivered'`);
  const most = given(limit + 1);
  const newest = (more: string[]): string =>
    `(select * from deliveries d where ${[...conditions, ...more].join(' and ')} order by created_at desc, id limit ${most})`;
  const source = isByEndpoint ? byEndpoint(status, newest, given(status)) : newest([]);
  const position = `, ${positionColumns('d.created_at', 'd.id')}`;
  return { sql: `${shown(source, position)} order by d.created_at desc, d.id limit ${most}`, values };
}

/**
 * The newest deliveries of an organization that read as `status`, endpoint by endpoint: the rows whose own
 * status reads so at their endpoint, and the one that goes first after a resume.
 */
function byEndpoint(status: DeliveryStatus, newest: (more: string[]) => string, wanted: string): string {
  const isNotProbe = `(p.resume_phase is distinct from 'probe' or d.id is distinct from p.probe_delivery_id)`;
  const unsettled = `
    select d.* from unnest('{${rowStatuses.join()}}'::text[]) as s (status)
     cross join lateral ${newest(['endpoint_id = p.id', 'status = s.status', "status not in ('delivered', 'abandoned')", isNotProbe])} d
     where ${shownByEndpoint('s.status')} = ${wanted}
    union all
    ${newest(['id = p.probe_delivery_id', "p.resume_phase = 'probe'", `status = ${wanted}`])}`;
  // As a subquery: planned with the constant, the index of what is abandoned is sorted instead of the ordered one read.
  const isAbandoned = "status = (select 'abandoned')";
  const settled = status === 'abandoned' ? `union all ${newest(['endpoint_id = p.id', isAbandoned])}` : '';
  return `(select d.* from endpoints p cross join lateral (${unsettled} ${settled}) d
            where p.organization_id = $1)`;
}

/** The first of them, one at least, whose payloads are no more than one answer may have. */
function fitting(rows: DeliveryView[]): DeliveryView[] {
  let payload = 0;
  const firstTooMany = rows.findIndex(({ body }, index) => {
    payload += body?.length ?? 0;
    return index > 0 && payload > mostPayload;
  });
  return firstTooMany === -1 ? rows : rows.slice(0, firstTooMany);
}
