import type { AbandonedReason, DeliveryStatus } from '../domain/outcome.ts';
import type { WaitingFacts } from '../domain/waiting-for.ts';
import type { Queryable } from './pool.ts';
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

/** A resend adds an attempt each time; the newest this many are read, of each delivery. */
const mostAttempts = 50;

const attemptsSql = `
  select a.delivery_id, a.id, a.number, a.started_at, a.duration_ms, a.status_code, a.response_body,
         nullif(concat_ws(': ', a.error_class, a.error), '') as error
    from unnest($1::uuid[]) as wanted (id)
   cross join lateral (select * from attempts where delivery_id = wanted.id order by number desc limit $2) as a
   order by a.delivery_id, a.number`;

/** Deliveries with their bodies, their attempts, and what each unsettled one waits for. */
export async function withDetails(db: Queryable, rows: DeliveryRow[]): Promise<DeliveryView[]> {
  if (rows.length === 0) return [];
  const [bodies, log, waiting] = await Promise.all([
    db.query<{ event_id: string; body: string }>(
      'select event_id, body from event_bodies where event_id = any ($1::uuid[])',
      [[...new Set(rows.map((row) => row.event_id))]],
    ),
    db.query<AttemptRow & { delivery_id: string }>(attemptsSql, [rows.map((row) => row.id), mostAttempts]),
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
