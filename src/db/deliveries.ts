import type { AbandonedReason, DeliveryStatus } from '../domain/outcome.ts';
import { leadSubject } from '../domain/ids.ts';
import type { WaitingFacts } from '../domain/waiting-for.ts';
import { type Page, type PageRequest, type Positioned, positionColumns, toPage } from './page.ts';
import type { Queryable } from './pool.ts';
import {
  rowStatuses,
  shownByEndpoint,
  shownNextAttemptAt,
  shownReason,
  shownSettledAt,
  shownStatus,
} from './shown-status.ts';
import { waitingFacts } from './waiting-facts.ts';

export interface AttemptRow {
  id: string;
  number: number;
  started_at: Date;
  duration_ms: number;
  status_code: number | null;
  /** The class of the error and what happened, in words; null when a response arrived. */
  error: string | null;
  response_body: string | null;
}

export interface DeliveryRow {
  id: string;
  event_id: string;
  event: string;
  endpoint_id: string;
  lead_id: string | null;
  sequence: number;
  status: DeliveryStatus;
  reason: AbandonedReason | null;
  created_at: Date;
  next_attempt_at: Date | null;
  delivered_at: Date | null;
  settled_at: Date | null;
}

/** With the frozen body, null after erasure, and its attempts in order, the newest `mostAttempts`. */
export interface DeliveryView extends DeliveryRow {
  body: string | null;
  attempts: AttemptRow[];
  /** Null when it is under way or settled. */
  waiting: WaitingFacts | null;
}

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
/** A resend adds an attempt each time; the newest this many are read, of each delivery. */
const mostAttempts = 50;

/** Of delivery `d` at endpoint `p`, as it reads. */
const columns = `d.id, d.event_id, d.event, d.endpoint_id, d.lead_id, d.sequence, ${shownStatus} as status,
  ${shownReason} as reason, d.created_at, ${shownNextAttemptAt} as next_attempt_at, d.delivered_at,
  ${shownSettledAt} as settled_at`;
const shown = (deliveries: string, more = ''): string =>
  `select ${columns} ${more} from ${deliveries} d join endpoints p on p.id = d.endpoint_id`;

export const deliveries = (db: Queryable) => ({
  async get(organizationId: string, id: string): Promise<DeliveryView | null> {
    const rows = await db.query<DeliveryRow>(`${shown('deliveries')} where d.id = $1 and d.organization_id = $2`, [
      id,
      organizationId,
    ]);
    return (await withDetails(db, rows))[0] ?? null;
  },

  /** Newest first; a page ends early where its payloads would be more than one answer may have. */
  async list(
    organizationId: string,
    filter: DeliveryFilter,
    { limit, after }: PageRequest,
  ): Promise<Page<DeliveryView>> {
    const values: unknown[] = [organizationId];
    const given = (value: unknown): string => `$${values.push(value)}`;
    const { status } = filter;
    // What is delivered reads so whatever becomes of its endpoint; most deliveries are.
    const isByEndpoint = status !== undefined && status !== 'delivered';
    // `is true` keeps the indexes by organization out: an endpoint's own narrow further, which the planner cannot know.
    const conditions =
      isByEndpoint || filter.endpointId !== undefined ? ['(organization_id = $1) is true'] : ['organization_id = $1'];
    if (filter.event !== undefined) conditions.push(`event = ${given(filter.event)}`);
    if (filter.endpointId !== undefined) conditions.push(`endpoint_id = ${given(filter.endpointId)}`);
    // By subject: the unique key of the lanes starts with it, so no index of its own is needed.
    if (filter.leadId !== undefined) conditions.push(`subject = ${given(leadSubject(organizationId, filter.leadId))}`);
    if (filter.since !== undefined) conditions.push(`created_at >= ${given(filter.since)}::timestamptz`);
    if (filter.until !== undefined) conditions.push(`created_at < ${given(filter.until)}::timestamptz`);
    if (after !== null) {
      const at = `${given(after.at)}::timestamptz`;
      conditions.push(`created_at <= ${at} and (created_at < ${at} or id > ${given(after.id)}::uuid)`);
    }
    if (status === 'delivered') conditions.push(`status = 'delivered'`);
    const newest = (more: string[]): string =>
      `(select * from deliveries d where ${[...conditions, ...more].join(' and ')}
         order by created_at desc, id limit ${given(limit + 1)})`;
    const source = isByEndpoint ? byEndpoint(status, newest, given(status)) : newest([]);
    const found = await db.query<Positioned<DeliveryRow>>(
      `${shown(source, `, ${positionColumns('d.created_at', 'd.id')}`)} order by d.created_at desc, d.id limit ${given(limit + 1)}`,
      values,
    );
    const page = toPage<DeliveryRow>(found, limit);
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

/**
 * The newest deliveries of an organization that read as `status`, which depends on their endpoint: taken endpoint by endpoint,
 * from rows whose own status reads so there, and the one that goes first after a resume.
 */
function byEndpoint(status: DeliveryStatus, newest: (more: string[]) => string, wanted: string): string {
  const isNotProbe = `(p.resume_phase is distinct from 'probe' or d.id is distinct from p.probe_delivery_id)`;
  const unsettled = `
    select d.* from unnest('{${rowStatuses.join()}}'::text[]) as s (status)
     cross join lateral ${newest(['endpoint_id = p.id', 'status = s.status', "status not in ('delivered', 'abandoned')", isNotProbe])} d
     where ${shownByEndpoint('s.status')} = ${wanted}
    union all
    ${newest(['id = p.probe_delivery_id', "p.resume_phase = 'probe'", `status = ${wanted}`])}`;
  const settled = status === 'abandoned' ? `union all ${newest(['endpoint_id = p.id', "status = 'abandoned'"])}` : '';
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

async function withDetails(db: Queryable, rows: DeliveryRow[]): Promise<DeliveryView[]> {
  if (rows.length === 0) return [];
  const [bodies, log, waiting] = await Promise.all([
    db.query<{ event_id: string; body: string }>(
      'select event_id, body from event_bodies where event_id = any ($1::uuid[])',
      [[...new Set(rows.map((row) => row.event_id))]],
    ),
    db.query<AttemptRow & { delivery_id: string }>(
      `select a.delivery_id, a.id, a.number, a.started_at, a.duration_ms, a.status_code, a.response_body,
              nullif(concat_ws(': ', a.error_class, a.error), '') as error
         from unnest($1::uuid[]) as wanted (id)
        cross join lateral (select * from attempts where delivery_id = wanted.id order by number desc limit $2) as a
        order by a.delivery_id, a.number`,
      [rows.map((row) => row.id), mostAttempts],
    ),
    waitingFacts(
      db,
      rows.filter(mayWait).map((row) => row.id),
    ),
  ]);
  const bodyOf = new Map(bodies.map(({ event_id, body }) => [event_id, body]));
  const attemptsOf = new Map<string, AttemptRow[]>(rows.map((row) => [row.id, []]));
  for (const { delivery_id, ...attempt } of log) attemptsOf.get(delivery_id)?.push(attempt);
  return rows.map((row) => ({
    ...row,
    body: bodyOf.get(row.event_id) ?? null,
    attempts: attemptsOf.get(row.id) ?? [],
    waiting: waiting.get(row.id) ?? null,
  }));
}

const mayWait = ({ status }: DeliveryRow): boolean =>
  status !== 'delivering' && status !== 'delivered' && status !== 'abandoned';
