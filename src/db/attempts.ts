import { admit, type Admission, type Candidate } from '../domain/admission.ts';
import type { AbandonedReason, DeliveryStatus, Outcome } from '../domain/outcome.ts';
import { behindLock } from './endpoint-lock.ts';
import { enqueue } from './endpoint-queue.ts';
import type { Database, Queryable } from './pool.ts';
import { recordAttempt, type AttemptRecord } from './record-attempt.ts';
import { isOpen, type Sendable, type SendableRow, sendableColumns, sendableFrom, toSendable } from './sendable.ts';
import { freeSlots, hasQueue, rateLimitWaitMs, takeTokens } from './slots.ts';
import { isGone } from './workers.ts';

/** An attempt that may be made, or what stands in its way, or is recorded already. */
export type Begun =
  | { kind: 'send'; delivery: Sendable }
  | {
      kind: 'not_sent';
      outcome: Outcome;
      attemptsBefore: number;
      /** Set when it waits for the endpoint's rate limit: no attempt's end will dispatch it. */
      dispatchInMs?: number;
    };

export interface BeginOptions {
  /** The workflow's time, epoch milliseconds. */
  now: number;
  /** This process. */
  owner: string;
  /** The longest an attempt can last, milliseconds. */
  leaseMs: number;
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
  attempts_before: number;
  is_lost: boolean;
  running_ms: number | null;
  endpoint_status: 'active' | 'paused';
  endpoint_deleted: boolean;
  resume_phase: 'probe' | 'drain' | null;
  probe_delivery_id: string | null;
  free_slots: number;
  has_queue: boolean;
  rate_limit: number | null;
  rate_limit_wait_ms: number;
}

// An attempt of this process that is asked for is not under way here any more: it broke before its outcome was recorded.
const candidateSql = `
  select d.status, d.reason, d.attempt, d.next_attempt_at, d.skip_requested, d.attempts_before,
         d.status = 'delivering' and (d.attempt_owner = $2 or ${isGone('d.attempt_owner', '$2')}) as is_lost,
         (extract(epoch from clock_timestamp() - d.attempt_started_at) * 1000)::float8 as running_ms,
         p.status as endpoint_status, p.deleted_at is not null as endpoint_deleted, p.resume_phase, p.probe_delivery_id,
         ${freeSlots('$3')} as free_slots, ${hasQueue} as has_queue, p.rate_limit, ${rateLimitWaitMs} as rate_limit_wait_ms
    from deliveries d join endpoints p on p.id = d.endpoint_id where d.id = $1`;

const takeSql = `
  with unqueued as (delete from endpoint_queue where delivery_id = $1),
  taken as (
    update deliveries set status = 'delivering', attempt = $2, attempt_started_at = clock_timestamp(), attempt_owner = $3,
           next_attempt_at = null
     where id = $1 returning *
  )
  select ${sendableColumns} from taken d ${sendableFrom}`;

// The next of a lane whose head was just delivered, at an endpoint that is open and not metered: without the lock, as first
// attempts are.
const takeNextSql = `
  with taken as (
    update deliveries d set status = 'delivering', attempt = 1, attempt_started_at = clock_timestamp(), attempt_owner = $2
      from endpoints p
     where d.id = $1 and d.status = 'pending' and d.attempt = 0 and not d.skip_requested and p.id = d.endpoint_id and ${isOpen}
    returning d.*
  )
  select ${sendableColumns} from taken d ${sendableFrom}`;

const toCandidate = (deliveryId: string, row: CandidateRow): Candidate => ({
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
  freeSlots: row.free_slots,
  hasQueue: row.has_queue,
  rateLimitWaitMs: row.rate_limit_wait_ms,
  isLost: row.is_lost,
  runningMs: row.running_ms ?? 0,
});

/** Attempts from the moment they may be made to their outcome; each is the row of its delivery. */
export const attempts = (db: Database) => ({
  /** Takes a delivery for one attempt, or says what stands in its way; behind the endpoint's lock. */
  begin: (
    { deliveryId, endpointId, attempt }: { deliveryId: string; endpointId: string; attempt: number },
    { now, owner, leaseMs }: BeginOptions,
  ): Promise<Begun> =>
    behindLock(db, endpointId, async (tx) => {
      const [row] = await tx.prepared<CandidateRow>('candidate', candidateSql, [deliveryId, owner, leaseMs]);
      // Retention removes settled deliveries only, and a lane asks for none that it knows to be settled: an erased one.
      if (row === undefined)
        return { kind: 'not_sent', outcome: { kind: 'abandoned', reason: 'lead_erased' }, attemptsBefore: 0 };
      const admission = admit(toCandidate(deliveryId, row), { attempt, now, leaseMs });
      if (admission.kind === 'send') {
        if (row.rate_limit !== null) await takeTokens(tx, endpointId, 1);
        return { kind: 'send', delivery: await take(tx, deliveryId, attempt, owner) };
      }
      return {
        kind: 'not_sent',
        outcome: await recordNotSent(tx, admission, deliveryId),
        attemptsBefore: row.attempts_before,
        ...(admission.kind === 'queue' && admission.waitMs > 0 && { dispatchInMs: admission.waitMs }),
      };
    }),

  /**
   * Of endpoints at which something was just published, those that take it now, each with its present address and secrets:
   * a pause, a deletion or a change may have been answered since the publish looked.
   */
  async openEndpoints(endpointIds: readonly string[]): Promise<Map<string, OpenEndpoint>> {
    const rows = await db.prepared<OpenEndpointRow>(
      'open-endpoints',
      `select id, url, secret, next_secret, overlap_ends_at from endpoints p where id = any ($1) and ${isOpen}`,
      [endpointIds],
    );
    return new Map(
      rows.map(({ id, url, secret, next_secret: nextSecret, overlap_ends_at: overlapEndsAt }) => [
        id,
        { url, secret, nextSecret, overlapEndsAt },
      ]),
    );
  },

  /** First attempts that are not made after all: no number is used up. */
  giveBack: (deliveryIds: readonly string[], owner: string) =>
    db.execute(
      `update deliveries set status = 'pending', attempt = 0, attempt_started_at = null, attempt_owner = null
        where id = any ($1) and status = 'delivering' and attempt = 1 and attempt_owner = $2`,
      [deliveryIds, owner],
    ),

  /** Takes what is next in a lane whose head was just delivered; null: its turn is not now. */
  async takeNext(deliveryId: string, owner: string): Promise<Sendable | null> {
    const [row] = await db.prepared<SendableRow>('take-next', takeNextSql, [deliveryId, owner]);
    return row === undefined ? null : toSendable(row);
  },

  /** Records an attempt once, and gives what stands. */
  record: (record: AttemptRecord) => recordAttempt(db, record),
});

async function take(db: Queryable, deliveryId: string, attempt: number, owner: string): Promise<Sendable> {
  const [row] = await db.prepared<SendableRow>('take', takeSql, [deliveryId, attempt, owner]);
  if (row === undefined) throw new Error(`delivery ${deliveryId} has no body`);
  return toSendable(row);
}

/** Writes what was decided, when nothing is to be sent; gives it as an outcome. */
async function recordNotSent(
  db: Queryable,
  admission: Exclude<Admission, { kind: 'send' }>,
  deliveryId: string,
): Promise<Outcome> {
  switch (admission.kind) {
    case 'recorded':
      return admission.outcome;
    case 'abandon':
      await db.execute(
        `update deliveries set status = 'abandoned', reason = $2, settled_at = now(), next_attempt_at = null where id = $1`,
        [deliveryId, admission.reason],
      );
      return { kind: 'abandoned', reason: admission.reason };
    case 'hold':
      // A lost attempt that may not be repeated now gives its number back.
      await db.execute(
        `update deliveries set status = 'held', next_attempt_at = null,
                attempt = case when status = 'delivering' then attempt - 1 else attempt end
          where id = $1`,
        [deliveryId],
      );
      return { kind: 'held' };
    case 'queue':
      return { kind: 'queued', recheckAfterMs: await enqueue(db, deliveryId) };
  }
}

export type Attempts = ReturnType<typeof attempts>;
