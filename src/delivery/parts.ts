import type { KeyRing } from '../crypto/key-ring.ts';
import type { Attempts } from '../db/attempts.ts';
import type { EndpointStatus } from '../db/endpoint-status.ts';
import type { ManualDelivery } from '../db/manual-delivery.ts';
import type { Sendable } from '../db/sendable.ts';
import type { DeliveryReport } from '../domain/lanes.ts';
import type { AttemptOutcome, AttemptResult } from '../domain/outcome.ts';
import type { Wake } from '../domain/wake.ts';
import type { Log } from '../telemetry/log.ts';
import type { EndpointQueue } from './endpoint-queue.ts';
import type { EndpointSpeed } from './endpoint-speed.ts';
import type { FreezeDetector } from './freeze-detector.ts';
import type { InFlight } from './in-flight.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import type { OutcomeSignals } from './outcome-signals.ts';

/** What one HTTP request to a partner is made of. */
export interface SendRequest {
  endpointId: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface ObservedAttempt {
  delivery: Sendable;
  number: number;
  attemptId: string;
  startedAt: Date;
  result: AttemptResult;
  outcome: AttemptOutcome;
}

/** All that delivering needs. */
export interface DeliveryParts {
  /** Names this process in the rows of the attempts it has under way. */
  owner: string;
  attempts: Attempts;
  endpointStatus: Pick<EndpointStatus, 'afterFailure'>;
  manualDelivery: Pick<ManualDelivery, 'skip'>;
  keyRing: KeyRing;
  send: (request: SendRequest) => Promise<AttemptResult>;
  speed: EndpointSpeed;
  inFlight: InFlight;
  freezeDetector: FreezeDetector;
  /** One statement at a time that waits for an endpoint's lock. */
  mutex: KeyedMutex;
  queue: Pick<EndpointQueue, 'dispatchSoon' | 'dispatchLater'>;
  outcomes: Pick<OutcomeSignals, 'tell'>;
  /** Tells a workflow that the lane of an endpoint is to ask. */
  wake: (wake: Wake) => Promise<void>;
  /** Tells an endpoint's workflow how the delivery that goes first after its resume fared. */
  reportProbe: (endpointId: string, deliveryId: string, outcome: AttemptOutcome) => Promise<void>;
  retryScheduleMs: readonly number[];
  attemptTimeoutMs: number;
  /** Called once per attempt, after it is recorded. */
  observe: (attempt: ObservedAttempt) => void;
  log: Pick<Log, 'warn'>;
}

/** What an attempt may take beyond its timeout: recording its outcome (milliseconds). */
const recordingMs = 5_000;

/** How long an attempt takes at the most, but for a database that is away (milliseconds). */
export const leaseMs = ({ attemptTimeoutMs }: Pick<DeliveryParts, 'attemptTimeoutMs'>): number =>
  attemptTimeoutMs + recordingMs;

/**
 * Tells a workflow what became of an attempt that its task did not wait for. Where the attempt broke, or Temporal was away
 * for long, its lane is told to ask, or asks by itself.
 */
export async function tellOutcome(
  { outcomes, wake, log }: Pick<DeliveryParts, 'outcomes' | 'wake' | 'log'>,
  report: Promise<DeliveryReport>,
  { deliveryId, ...lane }: Wake & { deliveryId: string },
): Promise<void> {
  try {
    await outcomes.tell(lane.workflowId, await report);
  } catch (error) {
    log.warn({ err: error, delivery_id: deliveryId }, 'an attempt broke, or its outcome was not told: its lane asks');
    await wake(lane).catch(() => {});
  }
}
