import type { AbandonedReason, AttemptResult, DeliveryStatus, Outcome } from '../domain/outcome.ts';
import type { Database, Queryable } from './pool.ts';
import { type Sendable, toSendable } from './publishing.ts';

export interface AttemptRecord {
  attemptId: string;
  deliveryId: string;
  number: number;
  startedAt: Date;
  result: AttemptResult;
  outcome: Outcome;
  /** When the next attempt is due: the workflow's time, epoch milliseconds. */
  nextAttemptAt: number | null;
}

/** What a delivery's row says of it, as an outcome, when there is nothing (more) to send for this attempt. */
export type Begun =
  | { kind: 'send'; delivery: Sendable }
  | { kind: 'recorded'; outcome: Outcome }
  /** Under way in another process, which may be alive. */
  | { kind: 'elsewhere' }
  /** The row changed while it was judged: ask again. */
  | { kind: 'again' };

interface StatusRow {
  status: DeliveryStatus;
  reason: AbandonedReason | null;
  attempt: number;
  next_attempt_at: Date | null;
  endpoint_status: 'active' | 'paused';
}

// Takes the delivery for attempt $2, unless it is settled, beyond that attempt, paused, or under way in another process
// that may still be alive ($4: milliseconds an attempt can last; $5: take it over all the same).
const beginSql = `
  update deliveries d set status = 'delivering', attempt = $2, attempt_started_at = now(), attempt_owner = $3, next_attempt_at = null
    from endpoints p, event_bodies b
   where d.id = $1 and p.id = d.endpoint_id and b.event_id = d.event_id
     and p.status = 'active' and p.deleted_at is null and not d.skip_requested
     and d.status not in ('delivered', 'abandoned')
     and ((d.status <> 'delivering' and d.attempt < $2)
          or (d.status = 'delivering' and d.attempt = $2
              and ($5 or d.attempt_owner = $3 or d.attempt_started_at < now() - make_interval(secs => $4 / 1000.0))))
  returning d.id, d.endpoint_id, d.event_id, d.event, d.sequence, b.body, p.url, p.status as endpoint_status,
            p.secret, p.next_secret, p.overlap_ends_at`;

// One statement records an attempt and moves its delivery. A success always counts, whatever was decided meanwhile, unless
// the lead was erased: then nothing the partner answered may be kept.
const recordSql = `
  with moved as (
    update deliveries set
      attempt = greatest(attempt, $3),
      status = case when skip_requested and $9 = 'retrying' then 'abandoned' else $9 end,
      reason = case when skip_requested and $9 = 'retrying' then 'skipped' else $10 end,
      next_attempt_at = case when skip_requested then null else $11::timestamptz end,
      delivered_at = case when $9 = 'delivered' then now() end,
      settled_at = case when $9 <> 'retrying' or skip_requested then now() end
     where id = $2 and status <> 'delivered'
       and (status <> 'abandoned' or ($9 = 'delivered' and reason is distinct from 'lead_erased'))
    returning status, reason, attempt, next_attempt_at
  ), logged as (
    insert into attempts (id, delivery_id, number, started_at, duration_ms, status_code, error_class, error, response_body)
    select $1, $2, $3, $4, $5, $6, $7, $8,
           case when (select reason from deliveries where id = $2) is distinct from 'lead_erased' then $12 end
    on conflict (delivery_id, number) do nothing
  )
  select status, reason, attempt, next_attempt_at, 'active' as endpoint_status from moved`;

const outcomeOf = (row: StatusRow, now: number): Outcome | null => {
  switch (row.status) {
    case 'delivered':
      return { kind: 'delivered' };
    case 'abandoned':
      return { kind: 'abandoned', reason: row.reason ?? 'skipped' };
    case 'retrying':
      return { kind: 'retry', delayMs: Math.max(0, (row.next_attempt_at?.getTime() ?? now) - now) };
    default:
      return null;
  }
};

const statusSql = `
  select d.status, d.reason, d.attempt, d.next_attempt_at, p.status as endpoint_status
    from deliveries d join endpoints p on p.id = d.endpoint_id where d.id = $1`;

const load = async (db: Queryable, deliveryId: string): Promise<StatusRow> => {
  const [row] = await db.prepared<StatusRow>('delivery-status', statusSql, [deliveryId]);
  // Retention only removes settled deliveries, and a lane never asks for one it knows to be settled.
  return (
    row ?? { status: 'abandoned', reason: 'lead_erased', attempt: 0, next_attempt_at: null, endpoint_status: 'active' }
  );
};

/** The attempt log, and the status of the delivery it moves. */
export const attempts = (db: Database) => ({
  /**
   * Takes a delivery for one attempt, or says what is already known of that attempt.
   * @param now the workflow's time, epoch milliseconds
   * @param owner this process; `leaseMs` is the longest an attempt can last
   * @param takeOver the process that had it is known to be gone
   */
  async begin(
    deliveryId: string,
    attempt: number,
    { now, owner, leaseMs, takeOver }: { now: number; owner: string; leaseMs: number; takeOver: boolean },
  ): Promise<Begun> {
    const [row] = await db.prepared<Parameters<typeof toSendable>[0]>('begin-attempt', beginSql, [
      deliveryId,
      attempt,
      owner,
      leaseMs,
      takeOver,
    ]);
    if (row !== undefined) return { kind: 'send', delivery: toSendable(row) };
    const status = await load(db, deliveryId);
    if (status.status === 'delivering' && status.attempt === attempt) return { kind: 'elsewhere' };
    const recorded = outcomeOf(status, now);
    if (recorded !== null && recorded.kind !== 'retry') return { kind: 'recorded', outcome: recorded };
    // This attempt was made and the delivery waits for its next one, or was held since: go on with the next number.
    if (status.attempt >= attempt) return { kind: 'recorded', outcome: recorded ?? { kind: 'retry', delayMs: 0 } };
    const held = await this.hold(deliveryId, now);
    return held === null ? { kind: 'again' } : { kind: 'recorded', outcome: held };
  },

  /**
   * Decides, behind the endpoint's shared lock, why a delivery may not be sent: skipped, or held while the endpoint is
   * paused; null when neither holds any more. Pause, resume and delete take that lock exclusively, so a delivery held here
   * is seen by the resume's pager.
   */
  hold: (deliveryId: string, now: number): Promise<Outcome | null> =>
    db.tx(async (tx) => {
      await tx.query(
        `select pg_advisory_xact_lock_shared(hashtextextended(endpoint_id::text, 0)) from deliveries where id = $1`,
        [deliveryId],
      );
      const [row] = await tx.query<StatusRow>(
        `update deliveries d set
            status = case when d.skip_requested or p.deleted_at is not null then 'abandoned' when p.status = 'paused' then 'held' else d.status end,
            reason = case when d.skip_requested then 'skipped' when p.deleted_at is not null then 'endpoint_deleted' end,
            settled_at = case when d.skip_requested or p.deleted_at is not null then now() end,
            next_attempt_at = null
           from endpoints p
          where d.id = $1 and p.id = d.endpoint_id and d.status not in ('delivered', 'abandoned')
          returning d.status, d.reason, d.attempt, d.next_attempt_at, p.status as endpoint_status`,
        [deliveryId],
      );
      const status = row ?? (await load(tx, deliveryId));
      if (status.status === 'held') return { kind: 'held' };
      const outcome = outcomeOf(status, now);
      return outcome?.kind === 'retry' ? null : outcome;
    }),

  /** Says in the read model that the attempt under way outlives its local activity. */
  markUnderWay: (deliveryId: string, owner: string) =>
    db.execute(
      `update deliveries set status = 'delivering', attempt = 1, attempt_started_at = now(), attempt_owner = $2
        where id = $1 and status = 'pending'`,
      [deliveryId, owner],
    ),

  /** Records an attempt once; gives the outcome that stands: another one when the delivery was settled meanwhile. */
  async record({
    attemptId,
    deliveryId,
    number,
    startedAt,
    result,
    outcome,
    nextAttemptAt,
  }: AttemptRecord): Promise<Outcome> {
    const status = outcome.kind === 'delivered' ? 'delivered' : outcome.kind === 'abandoned' ? 'abandoned' : 'retrying';
    const [row] = await db.prepared<StatusRow>('record-attempt', recordSql, [
      attemptId,
      deliveryId,
      number,
      startedAt,
      Math.round(result.durationMs),
      result.statusCode,
      result.error?.class ?? null,
      result.error?.message ?? null,
      status,
      outcome.kind === 'abandoned' ? outcome.reason : null,
      nextAttemptAt === null ? null : new Date(nextAttemptAt),
      result.responseBody,
    ]);
    if (row === undefined) return outcomeOf(await load(db, deliveryId), Date.now()) ?? outcome;
    return row.status === status ? outcome : (outcomeOf(row, Date.now()) ?? outcome);
  },
});

export type Attempts = ReturnType<typeof attempts>;
