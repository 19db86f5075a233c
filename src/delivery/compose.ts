import { randomUUID } from 'node:crypto';
import type { EndpointQueueRows } from '../db/endpoint-queue.ts';
import type { Workers } from '../db/workers.ts';
import type { DeliveryReport } from '../domain/lanes.ts';
import type { Wake } from '../domain/wake.ts';
import { attempt } from './attempt.ts';
import { EndpointQueue } from './endpoint-queue.ts';
import { EndpointSpeed } from './endpoint-speed.ts';
import { FreezeDetector } from './freeze-detector.ts';
import { InFlight } from './in-flight.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import { OutcomeSignals } from './outcome-signals.ts';
import { type DeliveryParts, leaseMs, tellOutcome } from './parts.ts';
import { Presence } from './presence.ts';

/** What delivering is built from. */
export interface DeliveryDeps
  extends Omit<DeliveryParts, 'owner' | 'speed' | 'inFlight' | 'freezeDetector' | 'mutex' | 'queue' | 'outcomes'> {
  endpointQueue: EndpointQueueRows;
  workers: Workers;
  tellOutcomes: (workflowId: string, reports: DeliveryReport[]) => Promise<void>;
  wake: (wake: Wake) => Promise<void>;
}

export interface Delivery extends DeliveryParts {
  queue: EndpointQueue;
  presence: Presence;
}

/** Builds what a process delivers with: what it has under way, what it knows of endpoints, its queue and its presence. */
export function composeDelivery({ endpointQueue, workers, tellOutcomes, ...deps }: DeliveryDeps): Delivery {
  const owner = randomUUID();
  const { wake, log } = deps;
  const [inFlight, mutex] = [new InFlight(), new KeyedMutex()];
  const freezeDetector = new FreezeDetector();
  const queue: EndpointQueue = new EndpointQueue({
    async claim(endpointId) {
      const permittedAt = freezeDetector.now();
      const claimed = await endpointQueue.claim(endpointId, owner, leaseMs(deps));
      return { ...claimed, deliveries: claimed.deliveries.map((one) => ({ ...one, permittedAt })) };
    },
    attempt({ claimedAt: now, permittedAt, ...delivery }) {
      const end = parts.speed.start(delivery.endpointId);
      const running = inFlight.start(delivery.deliveryId, () =>
        attempt(parts, delivery, { now, permittedAt }).finally(end),
      );
      return tellOutcome(parts, running.report, delivery);
    },
    endpointsWithQueue: endpointQueue.endpointsWithQueue,
    mutex,
    inFlight,
    log,
  });
  const parts: Delivery = {
    ...deps,
    owner,
    speed: new EndpointSpeed(),
    inFlight,
    freezeDetector,
    mutex,
    queue,
    outcomes: new OutcomeSignals(tellOutcomes),
    presence: new Presence({ owner, workers, wake, log }),
  };
  return parts;
}
