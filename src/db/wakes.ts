import { behindLock } from './endpoint-lock.ts';
import { freePlaces, isCalled, isLine, keptMs, type PlacesRow, placesSql } from './places.ts';
import type { Database } from './pool.ts';

/** A workflow to be told that the lane of an endpoint may look again. */
export interface Wake {
  workflowId: string;
  endpointId: string;
}

/** A workflow to be told, and its deliveries at the endpoint that are the reason. */
export interface DueWake extends Wake {
  deliveryIds: string[];
}

/** A delivery whose lane sleeps, and the attempt that is its next one, or was its last. */
export interface Sleeper extends Wake {
  deliveryId: string;
  attempt: number;
}

/** A held delivery that was woken and is still held is woken again after this long (seconds): its signal may be lost. */
const wakeAgainSeconds = 30;
/** A lane that was to be woken and could not be, since Temporal was away, is tried again after this long (milliseconds). */
const wakeAgainMs = 5_000;

/** What is unsettled at an endpoint, each with its place in its lane; sorted once, whatever the statistics say. */
const ranked = `ranked as (
  select id, status, created_at, woken_at, coalesce(runner, subject) as workflow_id,
         row_number() over (partition by subject, runner order by sequence) as place
    from deliveries where endpoint_id = $1 and status not in ('delivered', 'abandoned'))`;

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

export type ProbeChoice =
  | ({ kind: 'chosen'; deliveryId: string; asleep: boolean } & Wake)
  | { kind: 'nothing_held' }
  | { kind: 'passed' }
  | { kind: 'paused' };

interface DueWakeRow {
  workflow_id: string;
  delivery_ids: string[];
}

const toDueWakes = (endpointId: string, rows: DueWakeRow[]): DueWake[] =>
  rows.map((row) => ({ workflowId: row.workflow_id, endpointId, deliveryIds: row.delivery_ids }));

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

  /**
   * The next `limit` workflows whose head is held at the endpoint, oldest first, and how many such heads are left. A head that
   * is retried or under way goes by its own time. `paused` when there is nothing to wake: paused again, or deleted. Who was
   * told is to be marked (`markWoken`), and is then left out for half a minute.
   */
  nextHeld: (endpointId: string, limit: number): Promise<{ next: DueWake[]; held: number; paused: boolean }> =>
    behindLock(db, endpointId, async (tx) => {
      const [endpoint] = await tx.query<{ open: boolean }>(
        `select status = 'active' and deleted_at is null as open from endpoints where id = $1`,
        [endpointId],
      );
      if (endpoint?.open !== true) return { next: [], held: 0, paused: true };
      const rows = await tx.query<DueWakeRow & { held: number }>(
        `with ${ranked},
         held as (select *, count(*) over ()::int as held from ranked where place = 1 and status = 'held'),
         next as (
           select * from held where woken_at is null or woken_at < now() - make_interval(secs => ${wakeAgainSeconds})
            order by created_at, id limit $2)
         select workflow_id, array_agg(id) as delivery_ids, max(held) as held from next group by workflow_id
         union all select null, null, max(held) from held`,
        [endpointId, limit],
      );
      const next = rows.filter((row) => row.workflow_id !== null);
      return { next: toDueWakes(endpointId, next), held: rows.at(-1)?.held ?? 0, paused: false };
    }),

  /**
   * Chooses the delivery that goes first after a resume: the oldest lane's head. `asleep` when it has to be woken: one that is
   * retried goes by its schedule. `passed`: the one chosen before was delivered. `paused` when there is no resume to go on
   * with: the endpoint was paused again, or deleted.
   */
  chooseProbe: (endpointId: string): Promise<ProbeChoice> =>
    behindLock(db, endpointId, async (tx) => {
      const [endpoint] = await tx.query<{ passed: boolean }>(
        `select exists (select from deliveries where id = p.probe_delivery_id and status = 'delivered') as passed
           from endpoints p where p.id = $1 and p.resume_phase = 'probe' and p.deleted_at is null`,
        [endpointId],
      );
      if (endpoint === undefined) return { kind: 'paused' };
      if (endpoint.passed) return { kind: 'passed' };
      const [head] = await tx.query<{ id: string; status: string; workflow_id: string }>(
        `with ${ranked},
         head as (select id, status, workflow_id from ranked where place = 1 order by created_at, id limit 1),
         marked as (update endpoints set probe_delivery_id = (select id from head) where id = $1)
         select * from head`,
        [endpointId],
      );
      if (head === undefined) return { kind: 'nothing_held' };
      const { id: deliveryId, status, workflow_id: workflowId } = head;
      return { kind: 'chosen', deliveryId, asleep: status === 'held' || status === 'pending', workflowId, endpointId };
    }),

  /**
   * Ends the probing: what is held now is woken by `nextHeld`, and what waits behind a head is shown as waiting for its turn.
   * A pause that came between is not touched. Behind the lock: whoever held a delivery by the phase before has committed, so a
   * scan begun after this finds it.
   */
  beginDrain: (endpointId: string): Promise<void> =>
    behindLock(db, endpointId, async (tx) => {
      const moved = await tx.execute(
        `update endpoints set resume_phase = 'drain', probe_delivery_id = null
          where id = $1 and resume_phase = 'probe' and status = 'active'`,
        [endpointId],
      );
      if (moved === 0) return;
      await tx.execute(
        `with ${ranked}
         update deliveries d set status = 'pending' from ranked r where d.id = r.id and r.place > 1 and r.status = 'held'`,
        [endpointId],
      );
    }),

  /** Ends a resume; a pause that came between is not touched. */
  endDrain: (endpointId: string): Promise<void> =>
    behindLock(db, endpointId, async (tx) => {
      await tx.execute(
        `update endpoints set resume_phase = null where id = $1 and resume_phase = 'drain' and status = 'active'`,
        [endpointId],
      );
    }),

  /** Workflows whose deliveries were abandoned with their endpoint, and that may sleep on them: each until it is marked (`markWoken`). */
  async nextDeleted(endpointId: string, limit: number): Promise<DueWake[]> {
    return toDueWakes(
      endpointId,
      await db.query<DueWakeRow>(
        `select coalesce(runner, subject) as workflow_id, array_agg(id) as delivery_ids from deliveries
          where endpoint_id = $1 and status = 'abandoned' and reason = 'endpoint_deleted' and woken_at is null
          group by 1 limit $2`,
        [endpointId, limit],
      ),
    );
  },

  /**
   * Their workflows were told. Only afterwards: of what was marked first, and then not told, nobody would think again. Behind
   * the lock, like all that writes many rows of an endpoint: they cannot deadlock.
   */
  markWoken: (endpointId: string, deliveryIds: readonly string[]): Promise<number> =>
    behindLock(db, endpointId, (tx) =>
      tx.execute('update deliveries set woken_at = now() where id = any($1)', [deliveryIds]),
    ),
});

export type Wakes = ReturnType<typeof wakes>;
