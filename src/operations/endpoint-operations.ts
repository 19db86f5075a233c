import type { Client } from '@temporalio/client';
import type { EndpointRun } from '../../workflows/endpoint.ts';
import { removeSignal, resumeSignal } from '../../workflows/messages.ts';
import type { EndpointStatus } from '../db/endpoint-status.ts';
import type { PausedReason } from '../domain/failing-policy.ts';
import { endpointWorkflowId } from '../domain/ids.ts';
import { inTime } from './in-time.ts';

export interface EndpointOperationsDeps {
  temporal: Client;
  taskQueue: string;
  endpointStatus: EndpointStatus;
}

/** What is done to endpoints by hand. */
export const endpointOperations = ({ temporal, taskQueue, endpointStatus }: EndpointOperationsDeps) => {
  const toEndpoint = (endpointId: string) => ({
    workflowId: endpointWorkflowId(endpointId),
    taskQueue,
    args: [{ endpointId }] as [EndpointRun],
  });

  return {
    /** Nothing is sent from here on, and nothing lost; a paused endpoint stays as it is (spec section 5). */
    pause: (endpointId: string, reason?: PausedReason): Promise<void> => endpointStatus.pause(endpointId, reason),

    /**
     * One held delivery goes first; when it succeeds, the rest at a bounded rate. False: the endpoint is not paused.
     */
    async resume(endpointId: string): Promise<boolean> {
      const pauseVersion = await endpointStatus.pauseVersion(endpointId);
      if (pauseVersion === null) return false;
      await inTime(temporal, () =>
        temporal.workflow.signalWithStart('endpoint', {
          ...toEndpoint(endpointId),
          signal: resumeSignal,
          signalArgs: [{ pauseVersion }],
        }),
      );
      await endpointStatus.resume(endpointId, pauseVersion);
      return true;
    },

    /** Deletes an endpoint, abandons what is unsettled there, and wakes the lanes that wait for it (spec section 4). */
    async remove(endpointId: string): Promise<void> {
      await inTime(temporal, () =>
        temporal.workflow.signalWithStart('endpoint', {
          ...toEndpoint(endpointId),
          signal: removeSignal,
          signalArgs: [],
        }),
      );
      await endpointStatus.remove(endpointId);
    },
  };
};
