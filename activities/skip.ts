import type { ManualDelivery } from '../src/db/manual-delivery.ts';
import type { Wake } from '../src/domain/wake.ts';

export interface SkipParts {
  manualDelivery: Pick<ManualDelivery, 'skip'>;
  /** Signals a workflow that its lane may look again; one that should run and does not is started. */
  wake: (wake: Wake) => Promise<void>;
}

export const skipActivities = ({ manualDelivery, wake: signal }: SkipParts) => ({
  /** Skips a delivery, unless that was done or it is settled, and lets what waits behind it go on. */
  async skipDelivery({ deliveryId }: { deliveryId: string }): Promise<void> {
    const { wake } = await manualDelivery.skip(deliveryId);
    if (wake !== null) await signal(wake);
  },
});

export type SkipActivities = ReturnType<typeof skipActivities>;
