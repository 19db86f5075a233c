import { setTimeout as wait } from 'node:timers/promises';
import type { AttemptLease, Attempts, Begun, DueAttempt } from '../db/attempts.ts';
import type { ManualDelivery } from '../db/manual-delivery.ts';
import { moment } from '../db/workers.ts';
import { type DeliveryReport, isSettled, type OpenDelivery } from '../domain/lanes.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Log } from '../log.ts';
import { attempt, type AttemptDeps, withConsequences } from './attempt.ts';
import type { EndpointQueue } from './endpoint-queue.ts';
import type { EndpointSpeed } from './endpoint-speed.ts';
import type { InFlight } from './in-flight.ts';
import type { Outcomes } from './outcomes.ts';

/** How long a workflow's task waits for partners (milliseconds). */
const inTaskMs = 500;
/** Lanes at which one publish begins: of a thousand attempts at once none would be answered in time. */
const lanesAtOnce = 32;
/** When a lane that broke, while others did not, asks again (milliseconds). */
const brokenMs = 10_000;

export interface LaneDeps extends AttemptDeps, AttemptLease {
  attempts: Attempts;
  manualDelivery: Pick<ManualDelivery, 'skip'>;
  speed: EndpointSpeed;
  inFlight: InFlight;
  queue: Pick<EndpointQueue, 'dispatchSoon' | 'dispatchLater'>;
  outcomes: Pick<Outcomes, 'follow'>;
  log: Pick<Log, 'warn'>;
}

/** The workflow's task in which lanes are worked. */
export interface Task {
  /** The workflow, which is told of what its task did not wait for. */
  workflowId: string;
  /** The workflow's time, epoch milliseconds. */
  now: number;
}

export interface DeliverInput extends Task {
  lanes: DueLane[];
  /** Deliveries to be skipped first. */
  skips: string[];
}

/** A lane's deliveries, the one that is due first, each with the number of its next attempt. */
export interface DueLane {
  endpointId: string;
  deliveries: { id: string; attempt: number }[];
}

/** Attempts lanes that are due. Throws when all of them broke, so that Temporal repeats it: Postgres is away then. */
export async function deliver(deps: LaneDeps, { lanes, skips, ...task }: DeliverInput): Promise<DeliveryReport[]> {
  for (const deliveryId of skips) await deps.manualDelivery.skip(deliveryId);
  const { reports, broken } = await attemptLanes(deps, lanes, task);
  if (broken[0] !== undefined && broken.length === lanes.length) throw broken[0].error;
  return [...reports, ...broken.map(({ due }) => unsettled(due, { kind: 'not_due', delayMs: brokenMs }))];
}

/**
 * What a publish leaves to the workflow: deliveries that are not settled,
 * and what else it has to know of their attempts.
 */
export interface FirstAttempts {
  open: OpenDelivery[];
  reports: DeliveryReport[];
}

/**
 * Attempts the lanes of what was just published, but for those whose head has to wait for others of this lead, and
 * those of slow endpoints, on which this task does not spend its time. Of a lane that breaks the workflow asks at once.
 */
export async function attemptPublished(
  deps: LaneDeps,
  published: readonly OpenDelivery[],
  busyEndpoints: readonly string[],
  task: Task,
): Promise<FirstAttempts> {
  const lanes = new Map<string, DueLane>();
  for (const { endpointId, ...delivery } of published) {
    if (busyEndpoints.includes(endpointId) || deps.speed.isSlow(endpointId)) continue;
    const lane = lanes.get(endpointId) ?? { endpointId, deliveries: [] };
    lane.deliveries.push(delivery);
    lanes.set(endpointId, lane);
  }
  const { reports } = await attemptLanes(deps, [...lanes.values()].slice(0, lanesAtOnce), task);
  const settled = new Set(reports.filter(isSettled).map(({ deliveryId }) => deliveryId));
  return {
    open: published.filter(({ id }) => !settled.has(id)),
    reports: reports.filter(({ outcome }) => outcome.kind !== 'delivered'),
  };
}

/**
 * Works lanes side by side for half a second: the head of each, and what is behind it while that is settled. An attempt
 * that takes longer goes on in this process, and a signal tells the workflow its outcome; so nothing is sent twice, and
 * no slow partner holds up a workflow's task. A lane that breaks holds up no other one.
 */
async function attemptLanes(
  deps: LaneDeps,
  lanes: readonly DueLane[],
  { workflowId, now }: Task,
): Promise<{ reports: DeliveryReport[]; broken: { due: DueAttempt; error: unknown }[] }> {
  const endsAt = performance.now() + inTaskMs;
  const over = wait(inTaskMs, null, { ref: false });
  const broken: { due: DueAttempt; error: unknown }[] = [];
  const attemptLane = async ({ endpointId, deliveries }: DueLane): Promise<DeliveryReport[]> => {
    const reports: DeliveryReport[] = [];
    for (const { id: deliveryId, attempt: number } of deliveries) {
      const due = { deliveryId, endpointId, attempt: number, now };
      const { attempting, beside } = beginAttempt(deps, due);
      const report = await Promise.race([attempting, beside, over]).catch((error: unknown) => {
        broken.push({ due, error });
        deps.log.warn(
          { err: error, endpoint_id: endpointId },
          'a delivery could not be attempted: its lane asks again',
        );
        return undefined;
      });
      if (report === undefined) break;
      if (report === null) deps.inFlight.follow(deps.outcomes.follow({ workflowId, endpointId }, attempting));
      reports.push(report ?? unsettled(due, { kind: 'in_flight', recheckAfterMs: deps.leaseMs }));
      if (report === null || !isSettled(report) || performance.now() >= endsAt) break;
    }
    return reports;
  };
  return { reports: (await Promise.all(lanes.map(attemptLane))).flat(), broken };
}

/**
 * Asks for an attempt and makes it, unless this process has one of the same delivery under way. `beside` resolves when
 * it is being sent to an endpoint that is not known to answer fast: the task does not wait for it.
 */
function beginAttempt(deps: LaneDeps, due: DueAttempt): { attempting: Promise<DeliveryReport>; beside: Promise<null> } {
  let leave = (_: null): void => {};
  const beside = new Promise<null>((resolve) => {
    leave = resolve;
  });
  const attempting = deps.inFlight.start(due.deliveryId, async () => {
    const [permittedAt, isFast] = [moment(), deps.speed.isFast(due.endpointId)];
    const unlocked = due.attempt > 1 ? null : await beginUnlocked(deps, due);
    if (unlocked !== null) return attempt(deps, unlocked, { now: due.now, permittedAt });
    const begun = await deps.speed.locked(due.endpointId, (unseen) => deps.attempts.begin(due, deps, unseen));
    if (begun.kind === 'not_sent') return notSent(deps, due, begun);
    if (!isFast) leave(null);
    return attempt(deps, begun.delivery, { now: due.now, permittedAt: begun.permittedAt });
  });
  return { attempting, beside };
}

/** A retry is not tried this way: the statement takes first attempts, and a retry would cost it for nothing. */
const beginUnlocked = (deps: LaneDeps, due: DueAttempt) =>
  deps.speed.unlocked(due.endpointId, (below) => deps.attempts.beginUnlocked(due, below, deps));

function notSent(
  deps: LaneDeps,
  { deliveryId, endpointId, attempt: number }: DueAttempt,
  { outcome, attemptsBefore, dispatchInMs }: Extract<Begun, { kind: 'not_sent' }>,
): Promise<DeliveryReport> {
  // An attempt that ended between the count and the commit did not see this one in the queue, and will not dispatch it.
  if (outcome.kind === 'queued') deps.queue.dispatchSoon(endpointId);
  if (dispatchInMs !== undefined) deps.queue.dispatchLater(endpointId, dispatchInMs);
  return withConsequences(deps, { deliveryId, endpointId, attemptsBefore }, number, outcome);
}

const unsettled = ({ deliveryId, endpointId, attempt: number }: DueAttempt, outcome: Outcome): DeliveryReport => ({
  deliveryId,
  endpointId,
  attempt: number,
  outcome,
  notices: [],
});
