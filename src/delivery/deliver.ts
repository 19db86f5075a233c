import { type DeliveryReport, isSettled } from '../domain/lanes.ts';
import { attempt as makeAttempt, withConsequences } from './attempt.ts';
import { Deadline } from './deadline.ts';
import type { Running } from './in-flight.ts';
import { type DeliveryParts, leaseMs, tellOutcome } from './parts.ts';

/** How long a workflow task waits for partners before their attempts are handed over (milliseconds). */
export const handOverAfterMs = 500;

/** When a lane that broke, while others did not, asks again (milliseconds). */
const brokenMs = 10_000;

export interface DeliverInput {
  /** The workflow that asks, which is told of what was handed over. */
  workflowId: string;
  lanes: DueLane[];
  /** Deliveries to be skipped first. */
  skips: string[];
  /** The workflow's time, epoch milliseconds. */
  now: number;
}

/** A lane's deliveries, the one that is due first, each with the number of its next attempt. */
export interface DueLane {
  endpointId: string;
  deliveries: { id: string; attempt: number }[];
}

/**
 * Works lanes side by side for half a second: the head of each, and what is behind it while that is delivered. An attempt that
 * takes longer goes on in this process, and a signal tells the workflow its outcome; so nothing is sent twice, and no slow
 * partner holds up a workflow's task.
 */
export async function deliver(
  parts: DeliveryParts,
  { lanes, skips, ...asked }: DeliverInput,
): Promise<DeliveryReport[]> {
  for (const deliveryId of skips) await parts.manualDelivery.skip(deliveryId);
  const deadline = new Deadline(handOverAfterMs);
  try {
    return await outcomesOf(parts, lanes, (lane) => deliverLane(parts, lane, asked, deadline));
  } finally {
    deadline.clear();
  }
}

async function deliverLane(
  parts: DeliveryParts,
  { endpointId, deliveries }: DueLane,
  { workflowId, now }: Pick<DeliverInput, 'workflowId' | 'now'>,
  deadline: Deadline,
): Promise<DeliveryReport[]> {
  const reports: DeliveryReport[] = [];
  for (const { id: deliveryId, attempt } of deliveries) {
    const asked = { deliveryId, endpointId, attempt, now };
    const running = parts.inFlight.start(deliveryId, (onSending) => begin(parts, asked, onSending));
    const report =
      (await reportOf(parts, running, endpointId, deadline)) ?? handOver(parts, running, { ...asked, workflowId });
    reports.push(report);
    if (!isSettled(report) || deadline.isOver) break;
  }
  return reports;
}

interface Asked {
  deliveryId: string;
  endpointId: string;
  attempt: number;
  now: number;
}

/** Asks whether the attempt may be made, and makes it; else gives what stands in its way, or is recorded already. */
async function begin(
  parts: DeliveryParts,
  { deliveryId, endpointId, attempt, now }: Asked,
  onSending: () => void,
): Promise<DeliveryReport> {
  const permittedAt = parts.freezeDetector.now();
  const asked = { deliveryId, endpointId, attempt };
  const options = { now, owner: parts.owner, leaseMs: leaseMs(parts) };
  const begun = await parts.mutex.run(endpointId, () => parts.attempts.begin(asked, options));
  if (begun.kind === 'send') {
    const end = parts.speed.start(endpointId);
    onSending();
    return makeAttempt(parts, begun.delivery, { now, permittedAt }).finally(end);
  }
  const { outcome, attemptsBefore, dispatchInMs } = begun;
  // An attempt that ended between the count and the commit did not see this one in the queue, and will not dispatch it.
  if (outcome.kind === 'queued') parts.queue.dispatchSoon(endpointId);
  if (dispatchInMs !== undefined) parts.queue.dispatchLater(endpointId, dispatchInMs);
  return withConsequences(parts, { deliveryId, endpointId, attemptsBefore }, attempt, outcome);
}

/** Null: it takes longer than a workflow task may wait; so does all that goes to a slow endpoint, without waiting at all. */
export function reportOf(
  parts: Pick<DeliveryParts, 'speed'>,
  { report, sending }: Running,
  endpointId: string,
  deadline: Deadline,
): Promise<DeliveryReport | null> {
  const mayWait = parts.speed.isFast(endpointId);
  const isSlow = mayWait ? [] : [sending.then(() => null)];
  return Promise.race([report, deadline.passed.then(() => null), ...isSlow]);
}

/** Leaves an attempt to this process: its outcome follows by a signal. */
export function handOver(
  parts: DeliveryParts,
  { report }: Running,
  { workflowId, deliveryId, endpointId, attempt }: Asked & { workflowId: string },
): DeliveryReport {
  parts.inFlight.follow(tellOutcome(parts, report, { workflowId, deliveryId, endpointId }));
  const outcome = { kind: 'in_flight', recheckAfterMs: leaseMs(parts) } as const;
  return { deliveryId, endpointId, attempt, outcome, notices: [] };
}

/** One lane that broke holds up no other one: it asks again later. Where all did, something that all need is broken. */
async function outcomesOf(
  { log }: DeliveryParts,
  lanes: readonly DueLane[],
  work: (lane: DueLane) => Promise<DeliveryReport[]>,
): Promise<DeliveryReport[]> {
  const results = await Promise.allSettled(lanes.map(work));
  const broken = results.filter((result) => result.status === 'rejected');
  if (broken.length > 0 && broken.length === results.length) throw broken[0]?.reason;
  return results.flatMap((result, index) => {
    if (result.status === 'fulfilled') return result.value;
    const { endpointId, deliveries: [head] = [] } = lanes[index] as DueLane;
    log.warn({ err: result.reason, endpoint_id: endpointId }, 'a delivery could not be attempted: its lane asks again');
    const outcome = { kind: 'not_due', delayMs: brokenMs } as const;
    return head === undefined ? [] : [{ deliveryId: head.id, endpointId, attempt: head.attempt, outcome, notices: [] }];
  });
}
