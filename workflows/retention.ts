import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { RemovedRows, RetentionActivities, RetentionPosition } from '../activities/retention.ts';

/** Absent at the schedule's start; carried by a run that goes on for one whose history grew long. */
export interface RetentionRun {
  /** When the whole of it began, epoch milliseconds: one age for all of it. */
  now: number;
  position: RetentionPosition | null;
  removed: RemovedRows;
}

const { removeDeliveries, removeRecords, reportRetention } = proxyActivities<RetentionActivities>({
  summary: 'removes a batch of what is older than RETENTION_DAYS',
  // An activity goes on for 15 s and ends with the batch it is at.
  startToCloseTimeout: '2m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m' },
});

/**
 * Removes what RETENTION_DAYS says, once a day by its schedule, turn by turn until nothing is left (spec section 8).
 */
export async function retention(carried?: RetentionRun): Promise<RemovedRows> {
  const run = carried ?? { now: Date.now(), position: null, removed: nothing };
  do {
    const turn = await removeDeliveries({ now: run.now, position: run.position });
    run.position = turn.position;
    run.removed = sum(run.removed, turn.removed);
    if (run.position !== null && workflowInfo().continueAsNewSuggested) await continueAsNew<typeof retention>(run);
  } while (run.position !== null);
  for (let isDone = false; !isDone; ) {
    const turn = await removeRecords({ now: run.now });
    isDone = turn.isDone;
    run.removed = sum(run.removed, turn.removed);
    // Begins with a look at the endpoints again, which finds nothing as old.
    if (!isDone && workflowInfo().continueAsNewSuggested) await continueAsNew<typeof retention>(run);
  }
  await reportRetention({ now: run.now, removed: run.removed });
  return run.removed;
}

const nothing: RemovedRows = { deliveries: 0, attempts: 0, bodies: 0, receipts: 0, jobs: 0, audit: 0 };

const sum = (one: RemovedRows, other: RemovedRows): RemovedRows => ({
  deliveries: one.deliveries + other.deliveries,
  attempts: one.attempts + other.attempts,
  bodies: one.bodies + other.bodies,
  receipts: one.receipts + other.receipts,
  audit: one.audit + other.audit,
  jobs: one.jobs + other.jobs,
});
