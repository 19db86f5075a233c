import type { EndpointStatus } from '../src/db/endpoint-status.ts';
import type { Wake, Wakes } from '../src/db/wakes.ts';

export interface EndpointParts {
  endpointStatus: EndpointStatus;
  wakes: Wakes;
  /** Signals a workflow that its lane may look again; one that has ended is no error. */
  wake: (wake: Wake) => Promise<void>;
}

export type ResumePhase = 'none' | 'probe' | 'drain';
export type ChosenProbe =
  | { kind: 'chosen'; deliveryId: string }
  | { kind: 'nothing_held' }
  | { kind: 'passed' }
  | { kind: 'paused' };

/** Steps of a resume and of a deletion, each safe to repeat. */
export const endpointActivities = ({ endpointStatus, wakes, wake }: EndpointParts) => ({
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
    const { wakes: next, held, paused } = await wakes.nextHeld(endpointId, limit);
    await Promise.all(next.map(wake));
    return { left: paused ? 0 : held };
  },

  endDrain: ({ endpointId }: { endpointId: string }): Promise<void> => wakes.endDrain(endpointId),

  removeEndpoint: ({ endpointId }: { endpointId: string }): Promise<void> => endpointStatus.remove(endpointId),

  /** Wakes the next leads that may sleep on a deleted endpoint's deliveries; false when there were none left. */
  async wakeDeleted({ endpointId, limit }: { endpointId: string; limit: number }): Promise<boolean> {
    const next = await wakes.nextDeleted(endpointId, limit);
    await Promise.all(next.map(wake));
    return next.length > 0;
  },
});

export type EndpointActivities = ReturnType<typeof endpointActivities>;
