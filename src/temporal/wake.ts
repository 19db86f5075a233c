import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Counter } from 'prom-client';
import { wakeSignal } from '../../workflows/messages.ts';
import { organizationId } from '../../workflows/search-attributes.ts';
import { laneRunOf, type Wake } from '../domain/wake.ts';
import type { Log } from '../telemetry/log.ts';

/** A connection that was cut in silence must not hold up the caller (milliseconds). */
const deadlineMs = 5_000;

export interface WakeParts {
  temporal: Client;
  taskQueue: string;
  /** Counts workflows that were gone while something of theirs was unsettled. */
  takeovers: Pick<Counter, 'inc'>;
  log: Pick<Log, 'warn'>;
}

/** Signals a workflow that its lane at an endpoint may look again; false when it does not run. */
const signalled = async (temporal: Client, { workflowId, endpointId }: Wake): Promise<boolean> => {
  try {
    await temporal.connection.withDeadline(Date.now() + deadlineMs, () =>
      temporal.workflow.getHandle(workflowId).signal(wakeSignal, { endpointId }),
    );
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
};

/** Tells a workflow that the lane of an endpoint may look again; one that has ended has no lane that sleeps. */
export const wakeIfRunningThrough =
  ({ temporal }: Pick<WakeParts, 'temporal'>) =>
  async (wake: Wake): Promise<void> => {
    await signalled(temporal, wake);
  };

/**
 * The same for a workflow that has something unsettled, and so should run. One that does not was terminated, or lost with
 * the engine's last moments: a fresh run takes over what is unsettled of its subject, and it is reported.
 */
export const wakeThrough =
  ({ temporal, taskQueue, takeovers, log }: WakeParts) =>
  async (wake: Wake): Promise<void> => {
    if (await signalled(temporal, wake)) return;
    const { workflowId, endpointId } = wake;
    const run = laneRunOf(workflowId);
    if (run === null) throw new Error(`${workflowId} works no lanes`);
    await temporal.connection.withDeadline(Date.now() + deadlineMs, () =>
      temporal.workflow.signalWithStart(run.type, {
        workflowId,
        taskQueue,
        workflowTaskTimeout: '10s',
        args: [run.args],
        signal: wakeSignal,
        signalArgs: [{ endpointId, takeOver: true }],
        ...(run.type === 'lead' && {
          typedSearchAttributes: [{ key: organizationId, value: run.args.organizationId }],
        }),
      }),
    );
    takeovers.inc();
    log.warn(
      { workflow_id: workflowId, endpoint_id: endpointId },
      'a workflow was gone: a fresh run takes its deliveries over',
    );
  };
