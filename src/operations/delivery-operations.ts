import { randomUUID } from 'node:crypto';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import type { RecoveryJobRun } from '../../workflows/recovery.ts';
import type { ResendRun } from '../../workflows/resend.ts';
import type { ManualDelivery } from '../db/manual-delivery.ts';
import { oldestLanes, type OwnedLane } from '../db/orphans.ts';
import type { Queryable } from '../db/pool.ts';
import type { Recovery } from '../db/recovery.ts';
import type { RecoveryScope } from '../db/recovery-scope.ts';
import { recoveryJobWorkflowId } from '../domain/ids.ts';
import type { Wake } from '../domain/wake.ts';
import { inTime } from './in-time.ts';
import { withoutWorkflow } from './without-workflow.ts';

/** Lanes that are looked at, and how long at least each has had something unsettled (milliseconds). */
const mostLanes = 200;
const settleMs = 60_000;

export interface DeliveryOperationsDeps {
  db: Queryable;
  temporal: Client;
  taskQueue: string;
  manualDelivery: ManualDelivery;
  recovery: Recovery;
  /** Tells the workflow of a delivery that it is to be skipped. */
  requestSkip: (wake: Wake, deliveryId: string) => Promise<void>;
}

/** What is done to deliveries by hand: one of them, or all that an endpoint abandoned in a range of time. */
export const deliveryOperations = ({
  db,
  temporal,
  taskQueue,
  manualDelivery,
  recovery,
  requestSkip,
}: DeliveryOperationsDeps) => ({
  /** Abandons an unsettled delivery as `skipped`, and lets what waits behind it go on. False: it is settled. */
  async skip(deliveryId: string): Promise<boolean> {
    const worked = await manualDelivery.workflowOf(deliveryId);
    if (worked === null) return false;
    await requestSkip(worked, deliveryId);
    return manualDelivery.skip(deliveryId);
  },

  /** One more attempt at a settled delivery. False: it is unsettled, erased, or one is under way. */
  async resend(deliveryId: string): Promise<boolean> {
    const number = await manualDelivery.resendNumber(deliveryId);
    if (number === null) return false;
    const run: ResendRun = { deliveryId, number };
    try {
      await inTime(temporal, () =>
        temporal.workflow.start('resend', { workflowId: `resend/${deliveryId}`, taskQueue, args: [run] }),
      );
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  },

  /** Recovers what was abandoned and the scope selects. Null: a recovery of this endpoint is running already. */
  async recover(given: RecoveryScope): Promise<{ count: number; jobId: string } | null> {
    const jobId = randomUUID();
    const { endpointId, ...asked } = given;
    const count = await recovery.count(given);
    const created = await recovery.create({ id: jobId, endpointId, ...asked }, () =>
      inTime(temporal, () => startRecovery({ temporal, taskQueue }, { jobId, endpointId, asked })),
    );
    return created === null ? null : { count, jobId };
  },

  /** Of the oldest lanes with something unsettled, those that no workflow works: nothing is sent there. */
  async orphans(): Promise<{ lanes: OwnedLane[]; checked: number; isComplete: boolean }> {
    const looked = await oldestLanes(db, settleMs, mostLanes);
    const lanes = await inTime(temporal, () => withoutWorkflow(temporal, looked));
    return { lanes, checked: looked.length, isComplete: looked.length < mostLanes };
  },
});

/** Starts a recovery, unless it runs already. */
const startRecovery = (
  { temporal, taskQueue }: Pick<DeliveryOperationsDeps, 'temporal' | 'taskQueue'>,
  run: RecoveryJobRun,
) =>
  temporal.workflow.start('recoveryJob', {
    workflowId: recoveryJobWorkflowId(run.endpointId, run.jobId),
    taskQueue,
    args: [run],
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
  });
