import type { Publishing } from '../src/db/publishing.ts';
import { deliver, type DeliverInput } from '../src/delivery/deliver.ts';
import type { DeliveryParts } from '../src/delivery/parts.ts';
import type { DeliveryReport, OpenDelivery } from '../src/domain/lanes.ts';

export interface DeliverParts {
  delivery: DeliveryParts;
  publishing: Pick<Publishing, 'unsettledOf'>;
}

export const deliverActivities = ({ delivery, publishing }: DeliverParts) => ({
  /** One attempt of each lane's head, and of what is behind it while that succeeds fast; in half a second. */
  deliver: (input: DeliverInput): Promise<DeliveryReport[]> => deliver(delivery, input),

  /** What is unsettled of a subject whose run was gone, in order; what a recovery works at is not among it. */
  openDeliveries: ({ subject }: { subject: string }): Promise<OpenDelivery[]> => publishing.unsettledOf(subject),
});

export type DeliverActivities = ReturnType<typeof deliverActivities>;
