import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  proxyActivities,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { EraseActivities, EraseInput } from '../activities/erase.ts';
import { eraseWorkflowId } from '../src/domain/ids.ts';
import { eraseSignal } from './messages.ts';

/** Between two looks for runs that are left (milliseconds): visibility is behind, and a signal may have started another. */
const pauseBetweenMs = 2_000;
/** So many looks in a row that find nothing mean that nothing is left. */
const emptyLooks = 3;

const { eraseRows, eraseHistories } = proxyActivities<EraseActivities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/**
 * Erases a lead (spec section 5): its rows, then the history of every run, found until none is left. A late step starts a
 * run that applies nothing and asks for this again.
 */
export async function eraseLead(input: EraseInput): Promise<void> {
  let isAskedAgain = true;
  setHandler(eraseSignal, () => {
    isAskedAgain = true;
  });
  for (let empty = 0; empty < emptyLooks; ) {
    if (isAskedAgain) {
      isAskedAgain = false;
      empty = 0;
      await eraseRows(input);
    }
    empty = (await eraseHistories(input)) === 0 ? empty + 1 : 0;
    await condition(() => isAskedAgain, pauseBetweenMs);
    if (isAskedAgain) empty = 0;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof eraseLead>(input);
  }
}

/** A run of an erased lead has begun, by a late step: its own history has to go too, once it has said so. */
export async function askForErasure({ organizationId, leadId }: EraseInput): Promise<void> {
  const workflowId = eraseWorkflowId(organizationId, leadId);
  try {
    await startChild(eraseLead, {
      workflowId,
      args: [{ organizationId, leadId }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // One that ends just now has looked after this run began, and found it.
    await getExternalWorkflowHandle(workflowId)
      .signal(eraseSignal)
      .catch(() => {});
  }
}
