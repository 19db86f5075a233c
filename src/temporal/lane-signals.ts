import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { SignalDefinition } from '@temporalio/common';
import type { Counter } from 'prom-client';
import { outcomesSignal, probedSignal, skipSignal, wakeSignal } from '../../workflows/messages.ts';
import { organizationId } from '../../workflows/search-attributes.ts';
import { endpointWorkflowId } from '../domain/ids.ts';
import type { DeliveryReport } from '../domain/lanes.ts';
import type { AttemptOutcome } from '../domain/outcome.ts';
import { laneRunOf, type Wake } from '../domain/wake.ts';
import type { Log } from '../log.ts';

/** A connection that was cut in silence must not hold up the caller (milliseconds). */
const deadlineMs = 5_000;

interface WakeDeps {
  temporal: Client;
  taskQueue: string;
  /** Counts workflows that were gone while something of theirs was unsettled. */
  takeovers: Pick<Counter, 'inc'>;
  log: Pick<Log, 'warn'>;
}

/** What processes tell the workflows that work lanes, and endpoints. */
export function laneSignals(deps: WakeDeps) {
  const { temporal } = deps;
  return {
    /** The lane of an endpoint is to ask again; a workflow that should run and does not is started. */
    async wake(wake: Wake): Promise<void> {
      if (!(await signal(temporal, wake.workflowId, wakeSignal, { endpointId: wake.endpointId })))
        await takeOver(deps, wake);
    },

    /** The same for one that may have ended: that is no error. */
    async wakeIfRunning({ workflowId, endpointId }: Wake): Promise<void> {
      await signal(temporal, workflowId, wakeSignal, { endpointId });
    },

    /** What became of attempts; a workflow that is gone does not need to know. */
    async tellOutcomes(workflowId: string, reports: DeliveryReport[]): Promise<void> {
      await signal(temporal, workflowId, outcomesSignal, reports);
    },

    /** A delivery is to be skipped: durable from here on. */
    async requestSkip(wake: Wake, deliveryId: string): Promise<void> {
      if (!(await signal(temporal, wake.workflowId, skipSignal, { deliveryId }))) await takeOver(deps, wake);
    },

    /** How the delivery that goes first after a resume fared; one that is over does not need to know. */
    async reportProbe(endpointId: string, deliveryId: string, { kind }: AttemptOutcome): Promise<void> {
      await signal(temporal, endpointWorkflowId(endpointId), probedSignal, { deliveryId, outcome: kind });
    },
  };
}

/** False when the workflow does not run. */
async function signal<Args extends unknown[]>(
  temporal: Client,
  workflowId: string,
  definition: SignalDefinition<Args>,
  ...args: Args
): Promise<boolean> {
  try {
    await temporal.connection.withDeadline(Date.now() + deadlineMs, () =>
      temporal.workflow.getHandle(workflowId).signal(definition, ...args),
    );
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/**
 * A workflow with something unsettled should run, and does not: it was terminated, or lost with the engine's last
 * moments. A fresh run takes over what is unsettled of its subject, and it is reported.
 */
async function takeOver(
  { temporal, taskQueue, takeovers, log }: WakeDeps,
  { workflowId, endpointId }: Wake,
): Promise<void> {
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
}
