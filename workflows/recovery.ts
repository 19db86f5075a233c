import {
  condition,
  continueAsNew,
  ParentClosePolicy,
  proxyActivities,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { RecoveryActivities, RecoveryInput } from '../activities/recovery.ts';
import { recoveryWorkflowId } from '../src/domain/ids.ts';
import { Lanes } from './lane.ts';
import { wakeSignal } from './messages.ts';

export interface RecoveryJobRun extends RecoveryInput {
  /** Subjects whose recovery was started already. */
  started?: number;
}

export interface RecoveryRun {
  jobId: string;
  endpointId: string;
  subject: string;
}

/** How many leads' recoveries start at once, and how often (milliseconds): no spike, however many there are. */
const startsAtOnce = 50;
const pauseBetweenMs = 1_000;
/** How soon a job whose leads all run looks whether they are done, and how often at last (milliseconds): most take a moment. */
const firstLookMs = 1_000;
const lookAgainMs = 15_000;

/** Bounds how long an attempt's activity may take; the attempt itself is bounded by the configuration (milliseconds). */
const attemptTimeoutMs = 600_000;

const { takeUpRecovery, recoverySubjects, recoveryDeliveries, finishRecovery } = proxyActivities<RecoveryActivities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** One recovery of an endpoint: takes up what was abandoned, and starts each lead's part at a bounded rate (spec section 5). */
export async function recoveryJob({ jobId, endpointId, asked, started = 0 }: RecoveryJobRun): Promise<void> {
  if ((await takeUpRecovery({ jobId, endpointId, asked })) === 'refused') return;
  let position = started;
  let lookInMs = firstLookMs;
  for (;;) {
    const subjects = await recoverySubjects({ jobId, after: position, limit: startsAtOnce });
    for (const subject of subjects) await startOne({ jobId, endpointId, subject });
    position += subjects.length;
    if (subjects.length === 0 && (await finishRecovery({ jobId }))) return;
    await sleep(subjects.length === 0 ? lookInMs : pauseBetweenMs);
    if (subjects.length === 0) lookInMs = Math.min(lookInMs * 2, lookAgainMs);
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof recoveryJob>({ jobId, endpointId, asked, started: position });
    }
  }
}

async function startOne(run: RecoveryRun): Promise<void> {
  try {
    await startChild(recovery, {
      workflowId: recoveryWorkflowId(run.endpointId, run.jobId, run.subject),
      args: [run],
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** What a job took up of one lead (or widget): in order, by the full schedule, held while the endpoint is paused. */
export async function recovery({ jobId, endpointId, subject }: RecoveryRun): Promise<void> {
  const lanes = new Lanes({
    lanes: [],
    taskQueue: `${workflowInfo().taskQueue}-deliveries`,
    attemptTimeoutMs: () => attemptTimeoutMs,
    attempts: () => null,
    onAbandoned: () => {},
    onSettled: () => {},
  });
  setHandler(wakeSignal, (wake) => lanes.wake(wake.endpointId));
  const deliveries = await recoveryDeliveries({ jobId, subject });
  lanes.add(
    deliveries.map(({ id, attempt }) => ({ id, endpointId, attempt, delayMs: 0 })),
    Date.now(),
  );
  await condition(() => lanes.isEmpty);
}
