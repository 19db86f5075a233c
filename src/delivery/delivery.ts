import { randomUUID } from 'node:crypto';
import type { EndpointQueueRows } from '../db/endpoint-queue.ts';
import type { Workers } from '../db/workers.ts';
import { attempt } from './attempt.ts';
import type { LaneDeps } from './deliver.ts';
import { EndpointQueue } from './endpoint-queue.ts';
import { EndpointSpeed } from './endpoint-speed.ts';
import { Heartbeat } from './heartbeat.ts';
import { InFlight } from './in-flight.ts';
import { Outcomes, type OutcomesDeps } from './outcomes.ts';

/** What an attempt may take beyond its timeout: recording its outcome (milliseconds). */
const recordingMs = 5_000;

/** What delivering is built from. */
export interface DeliveryDeps
  extends Omit<LaneDeps, 'owner' | 'leaseMs' | 'speed' | 'inFlight' | 'queue' | 'outcomes'>,
    OutcomesDeps {
  endpointQueue: EndpointQueueRows;
  workers: Workers;
  attemptTimeoutMs: number;
}

export interface Delivery extends LaneDeps {
  queue: EndpointQueue;
  heartbeat: Heartbeat;
}

/**
 * Builds what a process delivers with: what it has under way, what it knows of endpoints, its queue and its heartbeat.
 */
export function composeDelivery({ endpointQueue, workers, attemptTimeoutMs, ...given }: DeliveryDeps): Delivery {
  const { wake, log } = given;
  const owner = randomUUID();
  const leaseMs = attemptTimeoutMs + recordingMs;
  const inFlight = new InFlight();
  const outcomes = new Outcomes(given);
  const speed = new EndpointSpeed();
  const queue: EndpointQueue = new EndpointQueue({
    claim: (endpointId) => endpointQueue.claim(endpointId, owner, leaseMs, speed.unseen(endpointId)),
    attempt({ deliveries, ...permission }) {
      for (const one of deliveries) {
        const attempting = inFlight.start(one.deliveryId, () => attempt(delivery, one, permission));
        inFlight.follow(outcomes.follow(one, attempting));
      }
    },
    endpointsWithQueue: endpointQueue.endpointsWithQueue,
    inFlight,
    log,
  });
  const heartbeat = new Heartbeat({ owner, workers, queue, wake, log });
  const delivery = { ...given, owner, leaseMs, inFlight, outcomes, queue, heartbeat, speed };
  return delivery;
}
