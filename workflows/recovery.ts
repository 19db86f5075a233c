import {
  CancellationScope,
  condition,
  continueAsNew,
  ParentClosePolicy,
  proxyActivities,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { RecoveryActivities, RecoveryInput } from '../activities/recovery.ts';
import { recoveryWorkflowId } from '../src/domain/ids.ts';
import { Alarm } from './alarm.ts';
import { Lanes } from './lanes.ts';

export interface RecoveryJobRun extends RecoveryInput {
  /** Its deliveries are taken up, and the leads up to this subject were started. */
  startedUpTo?: string;
  /** Of what was started, all before this subject is settled. */
  settledUpTo?: string;
}

export interface RecoveryRun {
  jobId: string;
  endpointId: string;
  subject: string;
}

/** How many leads' recoveries start at once, and how often (milliseconds): no spike, however many there are. */
const startsAtOnce = 50;
const pauseBetweenMs = 1_000;
/** How soon a job whose leads all run checks whether they are done, and how seldom at last (milliseconds). */
const firstRecheckMs = 1_000;
const mostRecheckMs = 15_000;

const { takeUpRecovery, recoverySubjects, recoveryDeliveries, firstUnsettled, finishRecovery } =
  proxyActivities<RecoveryActivities>({
    summary: 'one step of a recovery',
    startToCloseTimeout: '30s',
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  });

/**
 * One recovery of an endpoint: takes up what was abandoned,
 * and starts each lead's part at a bounded rate (spec section 5).
 */
export async function recoveryJob(run: RecoveryJobRun): Promise<void> {
  await CancellationScope.nonCancellable(() => recover(run));
}

async function recover({ jobId, endpointId, asked, startedUpTo, settledUpTo }: RecoveryJobRun): Promise<void> {
  // All of it before the first lead is started: a lead's deliveries go in order.
  for (let isTakenUp = startedUpTo !== undefined; !isTakenUp; ) {
    const taken = await takeUpRecovery({ jobId, endpointId, asked });
    if (taken === 'refused') return;
    isTakenUp = taken === 'taken_up';
  }
  let position = startedUpTo ?? '';
  let settled = settledUpTo ?? '';
  let recheckInMs = firstRecheckMs;
  for (;;) {
    const subjects = await recoverySubjects({ jobId, after: position, limit: startsAtOnce });
    for (const subject of subjects) await startOne({ jobId, endpointId, subject });
    position = subjects.at(-1) ?? position;
    if (subjects.length === 0) {
      const unsettled = await firstUnsettled({ jobId, from: settled });
      if (unsettled === null) return finishRecovery({ jobId });
      settled = unsettled;
      // It runs, unless it was terminated: then another run takes over what it left.
      await startOne({ jobId, endpointId, subject: unsettled });
    }
    await sleep(subjects.length === 0 ? recheckInMs : pauseBetweenMs);
    if (subjects.length === 0) recheckInMs = Math.min(recheckInMs * 2, mostRecheckMs);
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof recoveryJob>({
        jobId,
        endpointId,
        asked,
        startedUpTo: position,
        settledUpTo: settled,
      });
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
export async function recovery(run: RecoveryRun): Promise<void> {
  await CancellationScope.nonCancellable(() => recoverSubject(run));
}

async function recoverSubject({ jobId, endpointId, subject }: RecoveryRun): Promise<void> {
  const lanes = new Lanes({ lanes: [], unread: [] }, { subject: '', attempts: () => null, onReport: () => {} });
  const alarm = new Alarm();
  const deliveries = await recoveryDeliveries({ jobId, subject });
  lanes.add(deliveries.map(({ id, attempt }) => ({ id, endpointId, attempt, delayMs: 0 })));
  while (!lanes.isEmpty) {
    lanes.setAlarm(alarm, Number.POSITIVE_INFINITY);
    await condition(() => lanes.isDue || alarm.hasFired);
    await lanes.work();
  }
  await sleep('1s'); // never close in a task that ran a local activity: see lead.ts
}
