import type { OpenDeliveries } from '../src/db/open-deliveries.ts';
import { deliver, type DeliverInput } from '../src/delivery/deliver.ts';
import type { Delivery } from '../src/delivery/delivery.ts';
import type { DeliveryReport, OpenDelivery } from '../src/domain/lanes.ts';

export interface DeliverDeps {
  delivery: Delivery;
  openDeliveries: Pick<OpenDeliveries, 'unsettledOf'>;
}

export const deliverActivities = ({ delivery, openDeliveries }: DeliverDeps) => ({
  /** One attempt of each lane's head, and of what is behind it while that is settled fast; in half a second. */
  deliver: (input: DeliverInput): Promise<DeliveryReport[]> => deliver(delivery, input),

  /** What is unsettled of a subject whose run was gone, in order; what a recovery works at is not among it. */
  openDeliveries: ({ subject }: { subject: string }): Promise<OpenDelivery[]> => openDeliveries.unsettledOf(subject),
});

export type DeliverActivities = ReturnType<typeof deliverActivities>;
