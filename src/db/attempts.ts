import { admit, type Admission, type Candidate } from '../domain/admission.ts';
import type { Outcome } from '../domain/outcome.ts';
import { abandon } from './abandon.ts';
import { behindLock } from './endpoint-lock.ts';
import { enqueue, freeSlots, hasQueue, inFlight, maxUnlocked, rateLimitWaitMs, takeTokens } from './endpoint-queue.ts';
import type { Database, Queryable } from './pool.ts';
import { recordAttempt, type AttemptRecord } from './record-attempt.ts';
import { isOpen, ofDelivery, type Sendable, sendableColumns, sendableFrom } from './sendable.ts';
import { isGone, type Moment, moment } from './workers.ts';

/** An attempt that may be made, or what stands in its way, or is recorded already. */
export type Begun =
  | { kind: 'send'; delivery: Sendable; permittedAt: Moment }
  | {
      kind: 'not_sent';
      outcome: Outcome;
      attemptsBefore: number;
      /** Set when it waits for the endpoint's rate limit: no attempt's end will dispatch it. */
      dispatchInMs?: number;
    };

/** An attempt that a lane asks for. */
export interface DueAttempt {
  deliveryId: string;
  endpointId: string;
  /** Its number. */
  attempt: number;
  /** The workflow's time, epoch milliseconds. */
  now: number;
}

export interface AttemptLease {
  /** This process. */
  owner: string;
  /** The longest an attempt can last, milliseconds. */
  leaseMs: number;
}

type CandidateRow = Candidate & { attemptsBefore: number; isMetered: boolean };

// An attempt of this process that is asked for is not under way here any more: it broke before its outcome was
// recorded. The row is locked, since a process that was taken for dead may record its answer now.
const candidateSql = `
  select d.id as "deliveryId", d.status, d.reason, d.attempt, d.skip_requested as "skipRequested", d.attempts_before as "attemptsBefore",
         (extract(epoch from d.next_attempt_at) * 1000)::float8 as "nextAttemptAt",
         d.status = 'delivering' and (d.attempt_owner = $2 or ${isGone('d.attempt_owner', '$2')}) as "isLost",
         coalesce(extract(epoch from clock_timestamp() - d.attempt_started_at) * 1000, 0)::float8 as "runningMs",
         p.status as "endpointStatus", p.deleted_at is not null as "endpointDeleted", p.resume_phase as "resumePhase",
         p.probe_delivery_id as "probeDeliveryId", ${freeSlots('$3', '$4')} as "freeSlots", ${hasQueue} as "hasQueue",
         p.rate_limit is not null as "isMetered", ${rateLimitWaitMs} as "rateLimitWaitMs"
    from deliveries d join endpoints p on p.id = d.endpoint_id where d.id = $1 for update of d`;

const takeSql = `
  with unqueued as (delete from endpoint_queue where delivery_id = $1)
  update deliveries d set status = 'delivering', attempt = $2, attempt_started_at = clock_timestamp(), attempt_owner = $3,
         next_attempt_at = null
    from ${sendableFrom} where d.id = $1 and ${ofDelivery} returning ${sendableColumns}`;

// The endpoint has no queue, and neither a rate limit nor fewer slots than may be taken this way.
const unlockedSql = `
  update deliveries d set status = 'delivering', attempt = $2, attempt_started_at = clock_timestamp(), attempt_owner = $3
    from ${sendableFrom}
   where d.id = $1 and d.status = 'pending' and d.attempt = $2 - 1 and not d.skip_requested and ${ofDelivery}
     and ${isOpen} and p.rate_limit is null and p.max_in_flight >= ${maxUnlocked} and not ${hasQueue} and ${inFlight('$4')} < $5
  returning ${sendableColumns}`;

/** Attempts from the moment they may be made to their outcome; each is the row of its delivery. */
export const attempts = (db: Database) => ({
  /**
   * Takes a delivery for one attempt, or says what stands in its way; behind the endpoint's lock, while `unseen` others
   * begin without it.
   */
  begin: (due: DueAttempt, lease: AttemptLease, unseen = 0): Promise<Begun> =>
    behindLock(db, due.endpointId, (tx) => begin(tx, due, lease, unseen)),

  /**
   * Takes a delivery in one statement without the endpoint's lock, if fewer than `below` attempts are under way there
   * and nothing else stands in its way; null: `begin` decides. A pause answered beside it comes after this attempt.
   */
  async beginUnlocked(
    { deliveryId, attempt }: DueAttempt,
    below: number,
    { owner, leaseMs }: AttemptLease,
  ): Promise<Sendable | null> {
    const [delivery] = await db.prepared<Sendable>('begin-unlocked', unlockedSql, [
      deliveryId,
      attempt,
      owner,
      leaseMs,
      below,
    ]);
    return delivery ?? null;
  },

  /** Records an attempt once, and gives what stands. */
  record: (record: AttemptRecord) => recordAttempt(db, record),
});

async function begin(
  tx: Queryable,
  { deliveryId, endpointId, attempt, now }: DueAttempt,
  { owner, leaseMs }: AttemptLease,
  unseen: number,
): Promise<Begun> {
  const permittedAt = moment();
  const [row] = await tx.prepared<CandidateRow>('candidate', candidateSql, [deliveryId, owner, leaseMs, unseen]);
  // Retention removes settled deliveries only, and a lane asks for none that it knows to be settled: an erased one.
  if (row === undefined)
    return { kind: 'not_sent', outcome: { kind: 'abandoned', reason: 'lead_erased' }, attemptsBefore: 0 };
  const admission = admit(row, { attempt, now, leaseMs });
  if (admission.kind === 'send') {
    if (row.isMetered) await takeTokens(tx, endpointId, 1);
    const [delivery] = await tx.prepared<Sendable>('take', takeSql, [deliveryId, attempt, owner]);
    if (delivery === undefined) throw new Error(`delivery ${deliveryId} has no body`);
    return { kind: 'send', delivery, permittedAt };
  }
  return {
    kind: 'not_sent',
    outcome: await recordNotSent(tx, admission, deliveryId),
    attemptsBefore: row.attemptsBefore,
    ...(admission.kind === 'queue' && admission.waitMs > 0 && { dispatchInMs: admission.waitMs }),
  };
}

/** Writes what was decided, when nothing is to be sent; gives it as an outcome. */
async function recordNotSent(
  tx: Queryable,
  admission: Exclude<Admission, { kind: 'send' }>,
  deliveryId: string,
): Promise<Outcome> {
  switch (admission.kind) {
    case 'recorded':
      return admission.outcome;
    case 'abandon':
      await abandon(tx, admission.reason, 'id = $2', [deliveryId]);
      return { kind: 'abandoned', reason: admission.reason };
    case 'hold':
      // A lost attempt that may not be repeated now gives its number back.
      await tx.execute(
        `update deliveries set status = 'held', next_attempt_at = null,
                attempt = case when status = 'delivering' then attempt - 1 else attempt end
          where id = $1`,
        [deliveryId],
      );
      return { kind: 'held' };
    case 'queue':
      return { kind: 'queued', recheckAfterMs: await enqueue(tx, deliveryId) };
  }
}

export type Attempts = ReturnType<typeof attempts>;
