import { admit, type Candidate } from '../domain/admission.ts';
import { isReceiversFault } from '../domain/failing-policy.ts';
import type { AbandonedReason, AttemptResult, DeliveryStatus, Outcome } from '../domain/outcome.ts';
import { behindLock } from './endpoint-lock.ts';
import { isCalled, keptPlaces, pacedMs, takePace } from './places.ts';
import type { Database, Queryable } from './pool.ts';
import { type Sendable, type SendableRow, sendableColumns, sendableFrom, toSendable } from './sendable.ts';
import { turnAway } from './turn-away.ts';

export interface AttemptRecord {
  attemptId: string;
  deliveryId: string;
  number: number;
  /** How long ago it began, by this process's steady clock (milliseconds): all times of the log are Postgres's. */
  ageMs: number;
  result: AttemptResult;
  outcome: Outcome;
  /** When the next attempt is due: the workflow's time, epoch milliseconds. */
  nextAttemptAt: number | null;
}

/** An attempt that may be made, or what stands in its way. */
export type Begun =
  | { kind: 'send'; delivery: Sendable }
  | {
      kind: 'recorded';
      outcome: Outcome;
      attemptsBefore: number;
      /** Set when it waits for the endpoint's rate limit: call the next in line in so many milliseconds, since no attempt's end will. */
      callInMs?: number;
    }
  | { kind: 'elsewhere' }
  /** No place is free, but one of those that no row shows ends or is listed within moments: ask again. */
  | { kind: 'soon' };

export interface BeginOptions {
  /** The workflow's time, epoch milliseconds. */
  now: number;
  /** This process. */
  owner: string;
  /** The longest an attempt can last, milliseconds. */
  leaseMs: number;
  /** A process that is known to be gone: what it had under way need not wait for its lease to run out. */
  formerOwner: string | null;
  /** Attempts under way at the endpoint, in this process, that no row shows. */
  unlisted: number;
  /** Its lane sleeps meanwhile: when it is to be woken at the latest (milliseconds). Null: the lane itself asks. */
  wakeInMs: number | null;
}

/** What may change between a publish and its first attempts. */
export type OpenEndpoint = Pick<Sendable, 'url' | 'secret' | 'nextSecret' | 'overlapEndsAt'>;
type OpenEndpointRow = Pick<SendableRow, 'url' | 'secret' | 'next_secret' | 'overlap_ends_at'> & { id: string };

interface CandidateRow {
  status: DeliveryStatus;
  reason: AbandonedReason | null;
  attempt: number;
  next_attempt_at: Date | null;
  skip_requested: boolean;
  endpoint_status: 'active' | 'paused';
  endpoint_deleted: boolean;
  resume_phase: 'probe' | 'drain' | null;
  probe_delivery_id: string | null;
  in_flight: number;
  max_in_flight: number;
  kept_places: number;
  endpoint_id: string;
  rate_limit: number | null;
  paced_ms: number;
  is_called: boolean;
  owned_or_lost: boolean;
  attempts_before: number;
}

const candidateSql = `
  select d.status, d.reason, d.attempt, d.next_attempt_at, d.skip_requested,
         p.status as endpoint_status, p.deleted_at is not null as endpoint_deleted, p.resume_phase, p.probe_delivery_id,
         p.max_in_flight, d.attempts_before, d.endpoint_id, p.rate_limit, ${pacedMs} as paced_ms,
         d.waiting_since is not null and coalesce(${isCalled('d')}, false) as is_called,
         (select count(*)::int from deliveries o where o.endpoint_id = d.endpoint_id and o.status = 'delivering'
             and o.attempt_started_at > now() - make_interval(secs => $3 / 1000.0))
           as in_flight,
         ${keptPlaces('d.endpoint_id', 'd.id')} as kept_places,
         d.attempt_owner in ($2, $4) or d.attempt_started_at < now() - make_interval(secs => $3 / 1000.0) as owned_or_lost
    from deliveries d join endpoints p on p.id = d.endpoint_id where d.id = $1`;

const takeSql = `
  with taken as (
    update deliveries set status = 'delivering', attempt = $2, attempt_started_at = clock_timestamp(), attempt_owner = $3,
           next_attempt_at = null, waiting_since = null, called_at = null,
           wake_due_at = now() + make_interval(secs => $4 / 1000.0)
     where id = $1 returning *
  )
  select ${sendableColumns} from taken d ${sendableFrom}`;

// One statement records an attempt, moves its delivery, and begins or ends the endpoint's failing episode. A success always
// counts, whatever was decided meanwhile, unless the lead was erased: then nothing the partner answered may be kept. What was
// to be skipped is, unless it succeeded; a failure of what was skipped, deleted or erased meanwhile counts for nothing in the
// row of abandoned ones. The endpoint's row is written by failures, by the first success after one, and by the first after a
// resume: that ended the episode, but what failed before it has to know of a success since.
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
      settled_at = case when $9 <> 'retrying' or skip_requested then now() end,
      waiting_since = null, called_at = null
     where id = $2 and status <> 'delivered'
       and (status <> 'abandoned' or ($9 = 'delivered' and reason is distinct from 'lead_erased'))
    returning status, reason, attempt, next_attempt_at
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
  select status, reason, attempt, next_attempt_at from moved`;

type StatusRow = Pick<CandidateRow, 'status' | 'reason' | 'attempt' | 'next_attempt_at'>;

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

const toCandidate = (deliveryId: string, row: CandidateRow, unlisted: number): Candidate => ({
  deliveryId,
  status: row.status,
  reason: row.reason,
  attempt: row.attempt,
  nextAttemptAt: row.next_attempt_at?.getTime() ?? null,
  skipRequested: row.skip_requested,
  endpointStatus: row.endpoint_status,
  endpointDeleted: row.endpoint_deleted,
  resumePhase: row.resume_phase,
  probeDeliveryId: row.probe_delivery_id,
  inFlight: row.in_flight + row.kept_places + unlisted,
  maxInFlight: row.max_in_flight,
  // Whoever was called goes before whoever comes by itself.
  pacedMs:
    row.rate_limit !== null && row.kept_places > 0 && !row.is_called
      ? Math.max(row.paced_ms, Math.ceil(1_000 / row.rate_limit))
      : row.paced_ms,
  ownedOrLost: row.owned_or_lost,
});

async function take(
  db: Queryable,
  deliveryId: string,
  attempt: number,
  { owner, wakeInMs }: BeginOptions,
): Promise<Sendable> {
  const [row] = await db.prepared<SendableRow>('take', takeSql, [deliveryId, attempt, owner, wakeInMs]);
  if (row === undefined) throw new Error(`delivery ${deliveryId} has no body`);
  return toSendable(row);
}

/** The attempt log, and the status of the delivery it moves. */
export const attempts = (db: Database) => ({
  /** Takes a delivery for one attempt, or says what stands in its way; behind the endpoint's lock. */
  begin: (
    { deliveryId, endpointId, attempt }: { deliveryId: string; endpointId: string; attempt: number },
    options: BeginOptions,
  ): Promise<Begun> =>
    behindLock(db, endpointId, async (tx) => {
      const { now, owner, leaseMs, formerOwner, unlisted } = options;
      const [row] = await tx.prepared<CandidateRow>('candidate', candidateSql, [
        deliveryId,
        owner,
        leaseMs,
        formerOwner,
      ]);
      // Retention removes settled deliveries only, and a lane asks for none that it knows to be settled: an erased one.
      if (row === undefined)
        return { kind: 'recorded', outcome: { kind: 'abandoned', reason: 'lead_erased' }, attemptsBefore: 0 };
      const admission = admit(toCandidate(deliveryId, row, unlisted), attempt, now);
      if (admission.kind === 'elsewhere') return admission;
      // Nobody would wake it: those that wait are woken when a listed attempt ends.
      if (admission.kind === 'wait' && row.in_flight + row.kept_places < row.max_in_flight) return { kind: 'soon' };
      if (admission.kind === 'send') {
        if (row.rate_limit !== null) await takePace(tx, row.endpoint_id);
        return { kind: 'send', delivery: await take(tx, deliveryId, attempt, options) };
      }
      return {
        kind: 'recorded',
        outcome: await turnAway(tx, admission, deliveryId),
        attemptsBefore: row.attempts_before,
        ...(admission.kind === 'paced' && { callInMs: admission.inMs }),
      };
    }),

  /**
   * Of endpoints at which something was just published, those that take it now, each with its present address and secrets:
   * a pause, a deletion or a change may have been answered since the publish looked.
   */
  async openEndpoints(endpointIds: readonly string[]): Promise<Map<string, OpenEndpoint>> {
    const rows = await db.prepared<OpenEndpointRow>(
      'open-endpoints',
      `select id, url, secret, next_secret, overlap_ends_at from endpoints p
        where id = any ($1) and deleted_at is null and status = 'active' and resume_phase is distinct from 'probe'`,
      [endpointIds],
    );
    return new Map(
      rows.map(({ id, url, secret, next_secret: nextSecret, overlap_ends_at: overlapEndsAt }) => [
        id,
        { url, secret, nextSecret, overlapEndsAt },
      ]),
    );
  },

  /**
   * What is sent next of a lane whose head was just delivered: read anew, since its endpoint may have been paused, deleted,
   * moved or given another secret meanwhile, and the delivery skipped. Null: its turn is not now.
   */
  async next(deliveryId: string): Promise<Sendable | null> {
    const [row] = await db.prepared<SendableRow>(
      'next-in-lane',
      `select ${sendableColumns} from deliveries d ${sendableFrom}
        where d.id = $1 and d.status = 'pending' and p.deleted_at is null`,
      [deliveryId],
    );
    return row === undefined || !row.endpoint_open ? null : toSendable(row);
  },

  /**
   * Says in the read model that the first attempt, still under way, outlives its local activity; a pause meanwhile has taken it for one
   * that waits. Its number is its own also when it was skipped meanwhile: a resend takes the next one.
   */
  markUnderWay: (deliveryId: string, owner: string) =>
    db.execute(
      `update deliveries set attempt = 1,
              status = case when status = 'abandoned' then status else 'delivering' end,
              attempt_started_at = case when status = 'abandoned' then attempt_started_at else now() end,
              attempt_owner = case when status = 'abandoned' then attempt_owner else $2 end
        where id = $1 and attempt = 0 and status in ('pending', 'held', 'abandoned')`,
      [deliveryId, owner],
    ),

  /** Records an attempt once; gives the outcome that stands: another one when the delivery was settled meanwhile. */
  async record(
    { attemptId, deliveryId, number, ageMs, result, outcome, nextAttemptAt }: AttemptRecord,
    endpointId: string,
  ): Promise<Outcome> {
    const status = outcome.kind === 'delivered' || outcome.kind === 'abandoned' ? outcome.kind : 'retrying';
    const [row] = await db.prepared<StatusRow>('record-attempt', recordSql, [
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
    if (row?.status === status && row.reason !== 'skipped') return outcome;
    const standing =
      row ??
      (
        await db.query<StatusRow>('select status, reason, attempt, next_attempt_at from deliveries where id = $1', [
          deliveryId,
        ])
      )[0];
    return (standing && outcomeOf(standing, Date.now())) ?? outcome;
  },
});

export type Attempts = ReturnType<typeof attempts>;
