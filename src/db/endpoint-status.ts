import { type AutomaticPause, automaticPause, type PausedReason } from '../domain/failing-policy.ts';
import type { Outcome } from '../domain/outcome.ts';
import { abandon } from './abandon.ts';
import { aheadOfAttempts, behindLock } from './endpoint-lock.ts';
import type { Database, Queryable } from './pool.ts';

/** What a failed attempt means for its endpoint. */
export interface Consequence {
  organizationId: string;
  /** Counts the endpoint's failing episodes: mails are sent once per episode and kind. */
  episode: number;
  /** Set when this failure paused the endpoint. */
  paused: AutomaticPause | null;
}

interface FailingRow {
  organization_id: string;
  episode: number;
  failing_since: Date | null;
  status: 'active' | 'paused';
  paused_reason: string | null;
  recovered_at: Date | null;
  abandoned_in_row: number;
  first_attempt_at: Date | null;
}

/** Behind the lock: no attempt begins after it. This alone makes every unsettled delivery read as held. */
const pauseLocked = (db: Queryable, endpointId: string, reason: PausedReason): Promise<number> =>
  db.execute(
    `update endpoints set status = 'paused', paused_reason = $2, pause_version = pause_version + 1, updated_at = now(),
            resume_phase = null, probe_delivery_id = null
      where id = $1 and status = 'active' and deleted_at is null`,
    [endpointId, reason],
  );

const failingSql = `
  select p.organization_id, p.episode, p.failing_since, p.status, p.paused_reason, p.recovered_at, p.abandoned_in_row,
         (select min(a.started_at) from attempts a where a.delivery_id = $2 and not a.resend
             and a.number > (select attempts_before from deliveries where id = $2)) as first_attempt_at
    from endpoints p where p.id = $1 and p.deleted_at is null`;

export const endpointStatus = (db: Database) => ({
  /** Pauses by hand, unless told why; what is paused already stays as it is. */
  pause: (endpointId: string, reason: PausedReason = 'manual'): Promise<void> =>
    aheadOfAttempts(db, endpointId, async (tx) => {
      await pauseLocked(tx, endpointId, reason);
    }),

  /**
   * Draws the consequences of a recorded failure: pauses the endpoint where the rule says so (spec section 5). Safe to
   * repeat: a resume ends the episode, and then no old failure pauses again. Null: the endpoint is deleted, and so a
   * delivery that was to be retried is abandoned.
   */
  afterFailure: (endpointId: string, deliveryId: string, outcome: Outcome): Promise<Consequence | null> =>
    behindLock(db, endpointId, async (tx) => {
      const [row] = await tx.prepared<FailingRow>('failing', failingSql, [endpointId, deliveryId]);
      if (row === undefined) {
        // It was under way while its endpoint was deleted: the walk over the others may be over.
        await abandon(tx, 'endpoint_deleted', `id = $2 and status <> 'delivering'`, [deliveryId]);
        return null;
      }
      const known = { organizationId: row.organization_id, episode: row.episode };
      if (row.status === 'paused') return { ...known, paused: pausedBy(row.paused_reason, outcome) };
      if (row.failing_since === null) return { ...known, paused: null };
      const reason = automaticPause({
        outcome,
        firstAttemptAt: row.first_attempt_at?.getTime() ?? 0,
        recoveredAt: row.recovered_at?.getTime() ?? null,
        abandonedInRow: row.abandoned_in_row,
      });
      if (reason !== null) await pauseLocked(tx, endpointId, reason);
      return { ...known, paused: reason };
    }),

  /** The pause that a resume asked for now would end; null when the endpoint is not paused. */
  async pauseVersion(endpointId: string): Promise<number | null> {
    const [row] = await db.query<{ pause_version: number }>(
      `select pause_version from endpoints where id = $1 and status = 'paused' and deleted_at is null`,
      [endpointId],
    );
    return row?.pause_version ?? null;
  },

  /**
   * Ends the pause numbered `pauseVersion` and with it the failing episode; one delivery goes first. A later pause is
   * not touched, and a repeat changes nothing. Gives how far the endpoint's resume is; null: there is none.
   */
  resume: (endpointId: string, pauseVersion: number): Promise<'probe' | 'drain' | null> =>
    aheadOfAttempts(db, endpointId, async (tx) => {
      await tx.execute(
        `update endpoints set status = 'active', paused_reason = null, resume_phase = 'probe', probe_delivery_id = null,
                failing_since = null, abandoned_in_row = 0, resumed_at = clock_timestamp(), updated_at = now()
          where id = $1 and status = 'paused' and pause_version = $2 and deleted_at is null`,
        [endpointId, pauseVersion],
      );
      const [row] = await tx.query<{ resume_phase: 'probe' | 'drain' | null }>(
        'select resume_phase from endpoints where id = $1 and deleted_at is null',
        [endpointId],
      );
      return row?.resume_phase ?? null;
    }),

  /**
   * Deletes an endpoint. This alone makes its unsettled deliveries read as abandoned; attempts
   * under way finish and count.
   */
  remove: (endpointId: string): Promise<void> =>
    aheadOfAttempts(db, endpointId, async (tx) => {
      await tx.execute(
        `update endpoints set deleted_at = now(), updated_at = now(), resume_phase = null, probe_delivery_id = null
          where id = $1 and deleted_at is null`,
        [endpointId],
      );
    }),
});

/** A repeat of the failure that paused the endpoint says so again: its mail may not have been ordered yet. */
function pausedBy(reason: string | null, outcome: Outcome): AutomaticPause | null {
  if (outcome.kind !== 'abandoned') return null;
  return reason === 'failing' || reason === 'consecutive_failures' || reason === 'gone' ? reason : null;
}

export type EndpointStatus = ReturnType<typeof endpointStatus>;
