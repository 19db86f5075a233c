import { waitingFor, type WaitingFor } from '../src/domain/waiting-for.ts';
import type { Lane, QueuedDelivery } from '../src/domain/lanes.ts';

/** What a lane's head waits for; `reason` null: its attempt is under way. */
export type LaneWaitsFor = WaitingFor | { reason: null; sentence: string };

/** The same words as the API's `waiting_for`, from what the workflow knows (spec sections 6 and 7). */
export function laneWaitsFor({ queue: [head], attempts }: Lane, now: number): LaneWaitsFor {
  if (head === undefined) return { reason: null, sentence: 'Nothing is left to send.' };
  const isUnderWay = head.waitsFor === 'outcome' || (head.waitsFor === undefined && (head.dueAt ?? 0) <= now);
  if (isUnderWay) return { reason: null, sentence: `${capitalized(attemptOf(head, attempts))} is under way.` };
  const waiting = waitingFor(
    {
      deliveryId: head.id,
      status: head.waitsFor === 'resume' ? 'held' : 'retrying',
      attempt: head.attempt,
      attemptsBefore: 0,
      nextAttemptAt: head.waitsFor === undefined ? head.dueAt : null,
      isQueued: head.waitsFor === 'slot',
      earlier: null,
      endpoint: {
        // Held for a pause, or for another delivery that goes first after it: only the endpoint's row says which.
        pausedReason: head.waitsFor === 'resume' ? 'unknown' : null,
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
  if (head.waitsFor === 'slot') return `asks again for a slot for ${what}`;
  if (head.waitsFor === 'outcome') return `asks what became of ${attemptOf(head, lane.attempts)} of ${what}`;
  return `${attemptOf(head, lane.attempts)} of ${what}`;
}

/** Names the activity that works lanes in the history. */
export function deliverSummary([lane, ...others]: readonly Lane[], skips: number): string {
  const [head] = lane?.queue ?? [];
  if (skips > 0 || lane === undefined || head === undefined) return 'skips what an operator gave up';
  const what = `${attemptOf(head, lane.attempts)} of ${deliveryName(head, lane)}`;
  return others.length === 0 ? what : `${what}, and at ${others.length} more endpoints`;
}

const attemptOf = ({ attempt }: QueuedDelivery, attempts: number | null): string =>
  attempts === null ? `attempt ${attempt}` : `attempt ${attempt} of ${attempts}`;

const deliveryName = ({ id, names }: QueuedDelivery, { host, endpointId }: Lane): string =>
  `${names?.event ?? `delivery ${id}`} at ${host ?? `endpoint ${endpointId}`}`;

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
