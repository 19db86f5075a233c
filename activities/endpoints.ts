import { setTimeout as wait } from 'node:timers/promises';
import type { EndpointDeletion } from '../src/db/endpoint-deletion.ts';
import type { EndpointStatus } from '../src/db/endpoint-status.ts';
import type { Position } from '../src/db/page.ts';
import type { Resumes, StoppedPosition } from '../src/db/resume.ts';
import type { EndpointQueue } from '../src/delivery/endpoint-queue.ts';
import type { Wake } from '../src/domain/wake.ts';
import type { Log } from '../src/log.ts';

export interface EndpointDeps {
  endpointStatus: EndpointStatus;
  endpointDeletion: EndpointDeletion;
  resumes: Resumes;
  /** The queue of an endpoint stood still while it was paused. */
  delivery: { queue: Pick<EndpointQueue, 'dispatchSoon'> };
  /** Signals a workflow that its lane may look again; one that should run and does not is started. */
  wake: (wake: Wake) => Promise<void>;
  /** The same for one that may have ended: that is no error. */
  wakeIfRunning: (wake: Wake) => Promise<void>;
  log: Pick<Log, 'warn'>;
}

export type ResumePhase = 'none' | 'probe' | 'drain';
export type ChosenProbe =
  | { kind: 'chosen'; deliveryId: string }
  | { kind: 'nothing_held' }
  | { kind: 'passed' }
  | { kind: 'paused' };

/** One batch of a walk: where it goes on (null: at its end), and whether a lane could not be told. */
export interface Walked<At> {
  next: At | null;
  missed: boolean;
}

/** Deliveries that one statement abandons. */
const abandonedAtOnce = 1_000;
/** How long one activity goes on abandoning (milliseconds). */
const turnMs = 10_000;

/** How often, and how long after each other, a walk checks whether woken lanes have asked (milliseconds). */
const mostChecks = 40;
const pauseBetweenChecksMs = 500;

/** What is asked of a walk: its next batch. Null: the batch at its beginning. */
export interface StoppedWalk {
  endpointId: string;
  position: StoppedPosition | null;
  limit: number;
}
export interface DeletedWalk {
  endpointId: string;
  after: Position | null;
  limit: number;
}

/** Steps of a resume and of a deletion, each safe to repeat, and none longer than a batch however much waits. */
export const endpointActivities = (deps: EndpointDeps) => ({
  resumeEndpoint: async (pause: { endpointId: string; pauseVersion: number }): Promise<ResumePhase> =>
    (await deps.endpointStatus.resume(pause.endpointId, pause.pauseVersion)) ?? 'none',

  /**
   * Chooses the delivery that goes first, and wakes its lane:
   * a retry that failed since the resume is not hurried by it.
   */
  async chooseProbe({ endpointId }: { endpointId: string }): Promise<ChosenProbe> {
    const chosen = await deps.resumes.chooseProbe(endpointId);
    if (chosen.kind !== 'chosen') return chosen;
    await deps.wake(chosen);
    return { kind: 'chosen', deliveryId: chosen.deliveryId };
  },

  async beginDrain({ endpointId }: { endpointId: string }): Promise<void> {
    await deps.resumes.beginDrain(endpointId);
    deps.delivery.queue.dispatchSoon(endpointId);
  },

  /** Wakes the next lanes that the pause has stopped. */
  async wakeStopped({ endpointId, position, limit }: StoppedWalk): Promise<Walked<StoppedPosition>> {
    await untilTaken(deps, endpointId, position, limit);
    const { wakes, next } = await deps.resumes.nextStopped(endpointId, position, limit);
    return { next, ...(await tell(deps, wakes, deps.wake)) };
  },

  endDrain: ({ endpointId }: { endpointId: string }): Promise<void> => deps.resumes.endDrain(endpointId),

  removeEndpoint: ({ endpointId }: { endpointId: string }): Promise<void> => deps.endpointStatus.remove(endpointId),

  /** Abandons what is unsettled at a deleted endpoint, for some seconds; true when nothing is left. */
  abandonDeleted: ({ endpointId }: { endpointId: string }): Promise<boolean> => abandonDeleted(deps, endpointId),

  /** Wakes the next lanes that may wait for what was abandoned with its endpoint. */
  async wakeDeleted({ endpointId, after, limit }: DeletedWalk): Promise<Walked<Position>> {
    const { wakes, next } = await deps.endpointDeletion.nextAbandoned(endpointId, after, limit);
    return { next, ...(await tell(deps, wakes, deps.wakeIfRunning)) };
  },
});

export type EndpointActivities = ReturnType<typeof endpointActivities>;

async function abandonDeleted({ endpointDeletion }: EndpointDeps, endpointId: string): Promise<boolean> {
  const endsAt = performance.now() + turnMs;
  while (performance.now() < endsAt) {
    const startedAt = performance.now();
    if ((await endpointDeletion.abandonNext(endpointId, abandonedAtOnce)) === 0) {
      await endpointDeletion.clearQueue(endpointId);
      return true;
    }
    // As long as the work took: others need the database too.
    await wait(performance.now() - startedAt);
  }
  return false;
}

/**
 * Waits, for some seconds, until half of the lanes that were woken before have asked: they come no faster than the
 * workers take them, and no other lead waits behind them.
 */
async function untilTaken(
  { resumes }: EndpointDeps,
  endpointId: string,
  position: StoppedPosition | null,
  limit: number,
): Promise<void> {
  if (position === null || position.after === null) return;
  for (let check = 0; check < mostChecks; check += 1) {
    if ((await resumes.heldUpTo(endpointId, position.after, limit)) <= limit / 2) return;
    await wait(pauseBetweenChecksMs);
  }
}

/** Tells each. Throws when none could be told: the activity's retries then come later and later. */
async function tell(
  { log }: EndpointDeps,
  wakes: readonly Wake[],
  wake: (wake: Wake) => Promise<void>,
): Promise<{ missed: boolean }> {
  const told = await Promise.allSettled(wakes.map(wake));
  const failed = told.filter((result) => result.status === 'rejected');
  if (failed.length === 0) return { missed: false };
  if (failed.length === told.length) throw failed[0]?.reason;
  log.warn(
    { err: failed[0]?.reason, endpoint_id: wakes[0]?.endpointId, failed: failed.length },
    'could not tell all of a batch: again with the next walk',
  );
  return { missed: true };
}
