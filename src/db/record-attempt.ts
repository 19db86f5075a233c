import { isReceiversFault } from '../domain/failing-policy.ts';
import type { AbandonedReason, AttemptOutcome, AttemptResult, DeliveryStatus } from '../domain/outcome.ts';
import { hasQueue } from './endpoint-queue.ts';
import type { Queryable } from './pool.ts';

export interface AttemptRecord {
  attemptId: string;
  deliveryId: string;
  endpointId: string;
  number: number;
  /** How long ago it began, by this process's steady clock (milliseconds): all times of the log are Postgres's. */
  ageMs: number;
  result: AttemptResult;
  outcome: AttemptOutcome;
  /** When the next attempt is due, epoch milliseconds. */
  nextAttemptAt: number | null;
}

/** What stands after an attempt was recorded. */
export interface Recorded {
  /** Another one than the attempt's when the delivery was settled before. */
  outcome: AttemptOutcome;
  /** Others wait for the slot that it had. */
  hasQueue: boolean;
  /** The delivery goes first after its endpoint's resume: its outcome decides for the others. */
  isProbe: boolean;
}

interface StandingRow {
  status: DeliveryStatus;
  reason: AbandonedReason | null;
  next_attempt_at: Date | null;
}

interface RecordedRow extends Partial<StandingRow> {
  has_queue: boolean;
  is_probe: boolean | null;
}

// Records an attempt, moves its delivery, and begins or ends the endpoint's failing episode. A success always counts,
// but for an erased lead, of which no answer may be kept. A failure of a delivery that is abandoned already does not
// count in the row. The endpoint's row is written by failures and by the first success after a failure or a resume.
const recordSql = `
  with logged as (
    insert into attempts (id, delivery_id, number, started_at, duration_ms, status_code, error_class, error, response_body)
    select $1, $2, $3, clock_timestamp() - make_interval(secs => $4 / 1000.0), $5, $6, $7, $8,
           case when (select reason from deliveries where id = $2) is distinct from 'lead_erased' then $12 end
    on conflict (delivery_id, number) do nothing
    returning 1
  ), moved as (
    update deliveries set
      attempt = greatest(attempt, $3),
      status = case when skip_requested and $9 = 'retrying' then 'abandoned' else $9 end,
      reason = case when skip_requested and $9 <> 'delivered' then 'skipped' else $10 end,
      next_attempt_at = case when skip_requested then null else $11::timestamptz end,
      delivered_at = case when $9 = 'delivered' then now() end,
      settled_at = case when $9 <> 'retrying' or skip_requested then now() end
     where id = $2 and status <> 'delivered'
       and (status <> 'abandoned' or ($9 = 'delivered' and reason is distinct from 'lead_erased'))
    returning status, reason, next_attempt_at
  ), abandoned as (
    select 1 from deliveries where id = $2 and $13 and status <> 'abandoned' and not skip_requested
  ), episode as (
    update endpoints set
      episode = case when $9 <> 'delivered' and failing_since is null then episode + 1 else episode end,
      failing_since = case when $9 = 'delivered' then null else coalesce(failing_since, now()) end,
      recovered_at = case when $9 = 'delivered' then now() else recovered_at end,
      abandoned_in_row = case when $9 = 'delivered' then 0 else abandoned_in_row + (select count(*) from abandoned) end
     where id = $14 and exists (select from logged)
       and case when $9 = 'delivered' then failing_since is not null
                  or (resume_phase is not null and (recovered_at is null or recovered_at < updated_at))
                else failing_since is null or exists (select from abandoned) end
  )
  select m.status, m.reason, m.next_attempt_at, ${hasQueue} as has_queue,
         p.resume_phase = 'probe' and p.probe_delivery_id = $2 as is_probe
    from endpoints p left join moved m on true where p.id = $14`;

/** The outcome that a delivery's row tells; null: none yet. */
export function outcomeOf({ status, reason, next_attempt_at: at }: StandingRow, now: number): AttemptOutcome | null {
  if (status === 'delivered') return { kind: 'delivered' };
  if (status === 'abandoned') return { kind: 'abandoned', reason: reason ?? 'skipped' };
  if (status === 'retrying') return { kind: 'retry', delayMs: Math.max(0, (at?.getTime() ?? now) - now) };
  return null;
}

/** Records an attempt once, and gives what stands. */
export async function recordAttempt(
  db: Queryable,
  { attemptId, deliveryId, endpointId, number, ageMs, result, outcome, nextAttemptAt }: AttemptRecord,
): Promise<Recorded> {
  const status = outcome.kind === 'retry' ? 'retrying' : outcome.kind;
  const [row] = await db.prepared<RecordedRow>('record-attempt', recordSql, [
    attemptId,
    deliveryId,
    number,
    ageMs,
    Math.round(result.durationMs),
    result.statusCode,
    result.error?.class ?? null,
    result.error?.message ?? null,
    status,
    outcome.kind === 'abandoned' ? outcome.reason : null,
    nextAttemptAt === null ? null : new Date(nextAttemptAt),
    result.responseBody,
    outcome.kind === 'abandoned' && isReceiversFault(outcome.reason),
    endpointId,
  ]);
  const after = { hasQueue: row?.has_queue === true, isProbe: row?.is_probe === true };
  if (row?.status === status && row.reason !== 'skipped') return { outcome, ...after };
  const [standing] = await db.query<StandingRow & Record<string, unknown>>(
    'select status, reason, next_attempt_at from deliveries where id = $1',
    [deliveryId],
  );
  return { outcome: (standing && outcomeOf(standing, Date.now())) ?? outcome, ...after };
}
