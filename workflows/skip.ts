import { proxyActivities } from '@temporalio/workflow';
import type { SkipActivities } from '../activities/skip.ts';

export interface SkipRun {
  deliveryId: string;
}

const { skipDelivery } = proxyActivities<SkipActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** A skip that was asked for: brought to its end whoever dies meanwhile, so that nobody sleeps on what was skipped. */
export async function skip({ deliveryId }: SkipRun): Promise<void> {
  await skipDelivery({ deliveryId });
}
