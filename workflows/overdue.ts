import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { OverdueActivities } from '../activities/overdue.ts';

type Position = Parameters<OverdueActivities['wakeOverdue']>[0]['position'];

const { wakeOverdue } = proxyActivities<OverdueActivities>({
  summary: 'wakes workflows whose deliveries are late',
  startToCloseTimeout: '2m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/**
 * Finds deliveries that are late though nothing stands in their way, and wakes their workflows; one that is gone,
 * terminated say, is started anew. Its schedule runs it every few minutes; a lane that waits for its timer is not late.
 */
export async function overdue(from: Position = null): Promise<void> {
  let position = from;
  do {
    position = await wakeOverdue({ position });
    if (position !== null && workflowInfo().continueAsNewSuggested) await continueAsNew<typeof overdue>(position);
  } while (position !== null);
}
