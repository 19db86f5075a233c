import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import { resendTaskQueue } from '../src/domain/ids.ts';
import type { ResendActivities } from '../activities/resend.ts';

export interface ResendRun {
  deliveryId: string;
  /** The number of the attempt. */
  number: number;
  /** The trace of the request (W3C Trace Context). */
  traceparent?: string;
}

/** One attempt at a settled delivery, asked for by hand; its failure changes nothing. */
export async function resend(run: ResendRun): Promise<void> {
  const { resendDelivery } = proxyActivities<ResendActivities>({
    summary: 'one attempt by hand at a settled delivery',
    taskQueue: resendTaskQueue(workflowInfo().taskQueue),
    // Longer than the longest ATTEMPT_TIMEOUT and its recording: run out, it would be sent again beside the first.
    startToCloseTimeout: '12m',
    heartbeatTimeout: '10s',
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  });
  await resendDelivery(run);
}
