import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { wakeSignal } from '../../workflows/messages.ts';
import type { Wake } from '../db/wakes.ts';

/** A connection that was cut in silence must not hold up who signals (milliseconds). */
const deadlineMs = 5_000;

/** Tells a workflow that the lane of an endpoint may look again; one that has ended has no lane that sleeps. */
export const wakeThrough =
  (temporal: Client) =>
  async ({ workflowId, endpointId }: Wake): Promise<void> => {
    try {
      await temporal.connection.withDeadline(Date.now() + deadlineMs, () =>
        temporal.workflow.getHandle(workflowId).signal(wakeSignal, { endpointId }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  };
