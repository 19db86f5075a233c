import { waitingFor, type WaitingFor } from '../src/domain/waiting-for.ts';
import type { Lane, QueuedDelivery } from './lane.ts';

/** What a lane's head waits for; `reason` null: its attempt is under way. */
export type LaneWaitsFor = WaitingFor | { reason: null; sentence: string };

/** The same words as the API's `waiting_for`, from what the workflow knows (spec sections 6 and 7). */
export function laneWaitsFor({ queue: [head], attempts }: Lane, now: number): LaneWaitsFor {
  if (head === undefined) return { reason: null, sentence: 'Nothing is left to send.' };
  if (head.asleep === undefined && head.dueAt <= now)
    return { reason: null, sentence: `${capitalized(attemptOf(head, attempts))} is under way.` };
  const waiting = waitingFor(
    {
      deliveryId: head.id,
      status: head.asleep === 'held' ? 'held' : 'retrying',
      attempt: head.attempt,
      attemptsBefore: 0,
      nextAttemptAt: head.asleep === undefined ? head.dueAt : null,
      isQueued: head.asleep === 'waiting',
      earlier: null,
      endpoint: {
        // Held for a pause, or for another delivery that goes first after it: only the endpoint's row says which.
        pausedReason: head.asleep === 'held' ? 'unknown' : null,
        resumePhase: null,
        probeDeliveryId: null,
        rateLimitedUntil: null,
      },
    },
    { now, attempts },
  );
  return waiting ?? { reason: null, sentence: 'An attempt is under way.' };
}

/** Lanes as the queries give them. */
export const describeLanes = (lanes: readonly Lane[], now: number) =>
  lanes.map((lane) => ({ waitsFor: laneWaitsFor(lane, now), ...lane }));

/** Names a lane's timer in the history: `attempt 4 of 5 of lead.enriched at crm.example`. */
export function timerSummary(head: QueuedDelivery, lane: Lane): string {
  const what = deliveryName(head, lane);
  if (head.asleep === 'waiting') return `looks again for a slot for ${what}`;
  return `${attemptOf(head, lane.attempts)} of ${what}`;
}

/** Names an attempt's activity in the history. */
export const attemptSummary = (head: QueuedDelivery, lane: Lane): string =>
  `${attemptOf(head, lane.attempts)} of ${deliveryName(head, lane)}`;

const attemptOf = ({ attempt }: QueuedDelivery, attempts: number | null): string =>
  attempts === null ? `attempt ${attempt}` : `attempt ${attempt} of ${attempts}`;

const deliveryName = ({ id, names }: QueuedDelivery, { host, endpointId }: Lane): string =>
  `${names?.event ?? `delivery ${id}`} at ${host ?? `endpoint ${endpointId}`}`;

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
