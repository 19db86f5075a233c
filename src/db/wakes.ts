import { behindLock } from './endpoint-lock.ts';
import { freePlaces, isCalled, isLine, keptMs, type PlacesRow, placesSql } from './places.ts';
import type { Database } from './pool.ts';
import type { Wake } from '../domain/wake.ts';

/** A delivery whose lane sleeps, and the attempt that is its next one, or was its last. */
export interface Sleeper extends Wake {
  deliveryId: string;
  attempt: number;
}

/** A lane that was to be woken and could not be, since Temporal was away, is tried again after this long (milliseconds). */
const wakeAgainMs = 5_000;

const afterAttemptSql = `
  select p.resume_phase = 'probe' and p.probe_delivery_id = $3 as is_probe,
         case when ${isLine} then ${freePlaces} > 0
              else exists (select from deliveries d where d.endpoint_id = p.id and d.wake_due_at is not null) end as is_awaited
    from endpoints p where p.id = $1`;

// Who is called goes to the end of the line: if nobody comes, the others are not to wait for it again. A statement for each `count`:
// by a limit that is not known Postgres plans a walk through the whole line, and so would plan anew every time.
const callSql = (count: number): string => `
  update deliveries set called_at = now(), waiting_since = now()
   where id in (
    select id from deliveries d where endpoint_id = $1 and waiting_since is not null and ${isCalled('d')} is not true
     order by waiting_since limit ${count})
  returning id, attempt + 1 as attempt, coalesce(runner, subject) as workflow_id`;

const overdueSql = `
  select id, attempt, coalesce(runner, subject) as workflow_id from deliveries
   where endpoint_id = $1 and wake_due_at < now() order by wake_due_at limit 100`;

// A recovery ends with its last delivery, and the endpoint's workflow waits for the outcome of what goes first after a resume.
const needsNoWakeSql = `
  update deliveries d set wake_due_at = null
   where id = $1 and attempt = $2 and status = 'delivered' and runner is null
     and not exists (select from endpoints p where p.id = d.endpoint_id and p.probe_delivery_id = d.id)
     and not exists (select from deliveries behind
                      where behind.subject = d.subject and behind.endpoint_id = d.endpoint_id and behind.runner is null
                        and behind.sequence > d.sequence and behind.status not in ('delivered', 'abandoned'))
  returning 1`;

/** Those who were called, and when to call again. */
export interface Called {
  next: Sleeper[];
  /** Lanes that an attempt was made for, and that were not woken in time: the process that owed it may be gone. */
  overdue: Sleeper[];
  /** Whatever ends meanwhile; null: nobody is in line. */
  againInMs: number | null;
}

interface SleeperRow {
  id: string;
  attempt: number;
  workflow_id: string;
}

const toSleepers = (endpointId: string, rows: SleeperRow[]): Sleeper[] =>
  rows.map((row) => ({ deliveryId: row.id, attempt: row.attempt, workflowId: row.workflow_id, endpointId }));

/**
 * When those are called for whom there was no place (milliseconds). Where places are what they wait for, the attempts that
 * hold them call when they end; and where nobody comes, its place is free again.
 */
const againInMs = (isFree: boolean, rateLimit: number | null, pacedMs: number): number =>
  isFree && rateLimit !== null ? Math.max(pacedMs, Math.ceil(1_000 / rateLimit)) : keptMs;

/** Who sleeps behind an endpoint, and whose turn it is. */
export const wakes = (db: Database) => ({
  /**
   * Calls those that may begin now, longest waiting first, and keeps a place for each. Behind the lock: whoever counted an
   * attempt that has ended since as under way, and so decided to wait, has committed and is found.
   * @param leaseMs the longest an attempt can last, milliseconds: one that began before that takes no place any more
   */
  callWaiting: (endpointId: string, leaseMs: number): Promise<Called> =>
    behindLock(db, endpointId, async (tx) => {
      const [row] = await tx.prepared<PlacesRow>('places', placesSql, [endpointId, leaseMs]);
      if (row === undefined) return { next: [], overdue: [], againInMs: null };
      const dueInMs = row.wake_due_ms;
      const overdue =
        dueInMs !== null && dueInMs <= 0
          ? toSleepers(endpointId, await tx.prepared<SleeperRow>('overdue', overdueSql, [endpointId]))
          : [];
      if (!row.is_line)
        return { next: [], overdue, againInMs: dueInMs === null ? null : Math.max(dueInMs, wakeAgainMs) };
      const { free, kept, due, rate_limit: rateLimit, paced_ms: pacedMs } = row;
      // Those on their way use up the rate limit's next places.
      const count = rateLimit === null ? free : Math.max(0, Math.min(free, due - kept));
      const rows = count > 0 ? await tx.prepared<SleeperRow>(`call-${count}`, callSql(count), [endpointId]) : [];
      return {
        next: toSleepers(endpointId, rows),
        overdue,
        againInMs: againInMs(free > count, rateLimit, pacedMs),
      };
    }),

  /**
   * Once an attempt is recorded: whether its delivery is the one that goes first after its endpoint's resume, so that its
   * outcome decides for the others, and whether anybody waits for what it made free. Without the endpoint's lock, which nearly
   * every attempt would take for nothing: who lines up after this looks himself (`isPlaceFree`).
   * @param leaseMs the longest an attempt can last, milliseconds
   */
  async afterAttempt(
    { deliveryId, endpointId }: { deliveryId: string; endpointId: string },
    leaseMs: number,
  ): Promise<{ isProbe: boolean; isAwaited: boolean }> {
    const [row] = await db.prepared<{ is_probe: boolean | null; is_awaited: boolean }>(
      'after-attempt',
      afterAttemptSql,
      [endpointId, leaseMs, deliveryId],
    );
    return { isProbe: row?.is_probe === true, isAwaited: row?.is_awaited === true };
  },

  /**
   * Asked by who has just lined up. An attempt may have been recorded between the count by which he was to wait and his
   * standing in line: its end saw nobody, and without this nobody would call him.
   */
  async isPlaceFree(endpointId: string, leaseMs: number): Promise<boolean> {
    const [row] = await db.prepared<PlacesRow>('places', placesSql, [endpointId, leaseMs]);
    if (row === undefined) return false;
    return row.free > 0 && (row.rate_limit === null || row.due > row.kept);
  },

  /** A lane was woken after the attempt that was made for it: nobody owes it that any more. */
  async woken({ deliveryId, attempt }: Sleeper): Promise<void> {
    await db.prepared('woken', 'update deliveries set wake_due_at = null where id = $1 and attempt = $2', [
      deliveryId,
      attempt,
    ]);
  },

  /**
   * Nobody owes a lane the wake any more when its delivery was delivered and nothing of its lane is left to do. False: it has to
   * be woken. What is queued behind it after this finds it delivered, since its lane looks itself then.
   */
  async needsNoWake({ deliveryId, attempt }: Sleeper): Promise<boolean> {
    const rows = await db.prepared('needs-no-wake', needsNoWakeSql, [deliveryId, attempt]);
    return rows.length > 0;
  },

  /** Endpoints where somebody waits for a place, or is owed a wake. */
  async crowded(): Promise<string[]> {
    const rows = await db.query<{ endpoint_id: string }>(
      `select endpoint_id from deliveries where waiting_since is not null
       union select endpoint_id from deliveries where wake_due_at is not null`,
    );
    return rows.map((row) => row.endpoint_id);
  },
});

export type Wakes = ReturnType<typeof wakes>;
