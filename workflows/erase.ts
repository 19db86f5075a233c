import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { EraseActivities, EraseInput } from '../activities/erase.ts';
import { eraseWorkflowId } from '../src/domain/ids.ts';
import { descriptions } from './descriptions.ts';
import { eraseSignal } from './messages.ts';

/**
 * Between two looks for runs that are left (milliseconds): visibility is behind, and a signal may have started another.
 */
const pauseBetweenMs = 2_000;
/** Nothing is left when this many looks in a row find nothing. */
const emptyLooks = 3;

const { eraseRows, eraseOutbox, eraseHistories } = proxyActivities<EraseActivities>({
  summary: 'removes rows, outbox rows or histories of the lead',
  startToCloseTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/**
 * Erases a lead (spec section 5): its rows, the history of every run, found until none is left, and its outbox rows,
 * which nothing else waits for. A late step starts a run that applies nothing and asks for this again.
 */
export async function eraseLead(input: EraseInput): Promise<void> {
  let isAskedAgain = true;
  const askAgain = (): void => {
    isAskedAgain = true;
  };
  setHandler(eraseSignal, askAgain, { description: descriptions.erase });
  let outboxSteps = 0;
  const beginOutbox = async (): Promise<void> => {
    outboxSteps += 1;
    await eraseOutbox(input);
    outboxSteps -= 1;
  };
  do {
    for (let empty = 0; empty < emptyLooks || outboxSteps > 0; ) {
      if (isAskedAgain) {
        isAskedAgain = false;
        empty = 0;
        await eraseRows(input);
        beginOutbox().catch(() => {}); // retried without end: it fails only when this run is cancelled
      }
      if (empty < emptyLooks) {
        empty = (await eraseHistories(input)) === 0 ? empty + 1 : 0;
        await condition(() => isAskedAgain, pauseBetweenMs);
      } else await condition(() => isAskedAgain || outboxSteps === 0);
      if (isAskedAgain) empty = 0;
      if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof eraseLead>(input);
    }
    // An attempt's record that waited for the first erasure has an
    // older snapshot, and may have kept what the partner answered.
    await eraseRows(input);
  } while (isAskedAgain);
}

/**
 * A run of an erased lead has begun, by a late step: its own history has to go too, once it has said so. An eraser that
 * ends between the two has taken its last look, so another one is started.
 */
export async function askForErasure({ organizationId, leadId }: EraseInput): Promise<void> {
  const workflowId = eraseWorkflowId(organizationId, leadId);
  for (;;) {
    try {
      await startChild(eraseLead, {
        workflowId,
        args: [{ organizationId, leadId }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
      });
      return;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    try {
      await getExternalWorkflowHandle(workflowId).signal(eraseSignal);
      return;
    } catch (error) {
      if (isCancellation(error)) throw error;
    }
  }
}
