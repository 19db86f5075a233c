import type { EndpointStatus } from '../src/db/endpoint-status.ts';
import type { DueWake, Wake, Wakes } from '../src/db/wakes.ts';
import type { Log } from '../src/telemetry/log.ts';

export interface EndpointParts {
  endpointStatus: EndpointStatus;
  wakes: Wakes;
  /** Signals a workflow that its lane may look again; one that has ended is no error. */
  wake: (wake: Wake) => Promise<void>;
  log: Pick<Log, 'warn'>;
}

export type ResumePhase = 'none' | 'probe' | 'drain';
export type ChosenProbe =
  | { kind: 'chosen'; deliveryId: string }
  | { kind: 'nothing_held' }
  | { kind: 'passed' }
  | { kind: 'paused' };

/**
 * Tells each, and marks who was told: the others come again with the next batch. Throws when nobody could be told: the activity's
 * retries then come later and later.
 */
async function wakeAll(
  { wakes, wake, log }: EndpointParts,
  endpointId: string,
  next: readonly DueWake[],
): Promise<void> {
  if (next.length === 0) return;
  const told = await Promise.allSettled(next.map(wake));
  const woken = next.filter((_, index) => told[index]?.status === 'fulfilled');
  await wakes.markWoken(
    endpointId,
    woken.flatMap(({ deliveryIds }) => deliveryIds),
  );
  const failed = told.find((result) => result.status === 'rejected');
  if (failed === undefined) return;
  if (woken.length === 0) throw failed.reason;
  log.warn(
    { err: failed.reason, endpoint_id: endpointId, failed: next.length - woken.length },
    'could not wake all of a batch: again with the next',
  );
}

/** Steps of a resume and of a deletion, each safe to repeat. */
export const endpointActivities = (parts: EndpointParts) => {
  const { endpointStatus, wakes, wake } = parts;
  return {
    async resumeEndpoint({
      endpointId,
      pauseVersion,
    }: {
      endpointId: string;
      pauseVersion: number;
    }): Promise<ResumePhase> {
      return (await endpointStatus.resume(endpointId, pauseVersion)) ?? 'none';
    },

    /** Chooses the delivery that goes first, and wakes it if it sleeps: a retry is not hurried. */
    async chooseProbe({ endpointId }: { endpointId: string }): Promise<ChosenProbe> {
      const chosen = await wakes.chooseProbe(endpointId);
      if (chosen.kind !== 'chosen') return chosen;
      if (chosen.asleep) await wake(chosen);
      return { kind: 'chosen', deliveryId: chosen.deliveryId };
    },

    beginDrain: ({ endpointId }: { endpointId: string }): Promise<void> => wakes.beginDrain(endpointId),

    /** Wakes the next leads with something held; `left` is how many still are, 0 also when paused again. */
    async wakeHeld({ endpointId, limit }: { endpointId: string; limit: number }): Promise<{ left: number }> {
      const { next, held, paused } = await wakes.nextHeld(endpointId, limit);
      await wakeAll(parts, endpointId, next);
      return { left: paused ? 0 : held };
    },

    endDrain: ({ endpointId }: { endpointId: string }): Promise<void> => wakes.endDrain(endpointId),

    removeEndpoint: ({ endpointId }: { endpointId: string }): Promise<void> => endpointStatus.remove(endpointId),

    /** Wakes the next leads that may sleep on a deleted endpoint's deliveries; false when there were none left. */
    async wakeDeleted({ endpointId, limit }: { endpointId: string; limit: number }): Promise<boolean> {
      const next = await wakes.nextDeleted(endpointId, limit);
      await wakeAll(parts, endpointId, next);
      return next.length > 0;
    },
  };
};

export type EndpointActivities = ReturnType<typeof endpointActivities>;
