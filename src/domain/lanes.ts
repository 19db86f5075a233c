import type { Notice } from './notice.ts';
import type { Outcome } from './outcome.ts';

/** One endpoint's unsettled deliveries of one subject, in order; plain data that survives continue-as-new. */
export interface Lane {
  endpointId: string;
  /** The host of its URL when the lane began: for the words that Temporal shows. */
  host?: string;
  /** How many attempts the schedule allowed then; null: not known. */
  attempts: number | null;
  /** Head first. */
  queue: QueuedDelivery[];
}

export interface QueuedDelivery {
  id: string;
  /** For the words that Temporal shows. */
  names?: { event: string; sequence: number };
  /** The number of its next (or present) attempt. */
  attempt: number;
  /**
   * When its lane asks for it, if nothing is told before: epoch milliseconds of the workflow's clock, 0 at once, null
   * never. An absolute time, since timers do not cross continue-as-new.
   */
  dueAt: number | null;
  /** What it waits for beside that time; absent: for its retry, or nothing. */
  waitsFor?: 'outcome' | 'slot' | 'resume';
}

/** A delivery that the workflow still has to bring to its end. */
export interface OpenDelivery {
  id: string;
  endpointId: string;
  /** The number of its next (or present) attempt. */
  attempt: number;
  /** The endpoint's host and what is sent: for the words that Temporal shows. */
  host?: string;
  names?: { event: string; sequence: number };
}

/** What became of one attempt of a delivery, or what stands in its way. */
export interface DeliveryReport {
  deliveryId: string;
  endpointId: string;
  attempt: number;
  outcome: Outcome;
  /** Mails that this outcome calls for; the workflow orders them, so that no crash loses one. */
  notices: Notice[];
}

/** Lanes with new deliveries at their ends, due at once; what they have already is left as it is. */
export function withDeliveries(
  lanes: readonly Lane[],
  deliveries: readonly OpenDelivery[],
  attempts: number | null,
): Lane[] {
  const next = lanes.map((lane) => ({ ...lane, queue: [...lane.queue] }));
  for (const { endpointId, host, ...rest } of deliveries) {
    const queued: QueuedDelivery = { ...rest, dueAt: 0 };
    const lane = next.find((candidate) => candidate.endpointId === endpointId);
    if (lane === undefined) next.push({ endpointId, ...(host !== undefined && { host }), attempts, queue: [queued] });
    else if (!lane.queue.some(({ id }) => id === queued.id)) lane.queue.push(queued);
  }
  return next;
}

/**
 * Lanes after a report of the head of one of them.
 * A report of an earlier attempt, or of what is settled, changes nothing.
 */
export function withReport(lanes: readonly Lane[], report: DeliveryReport, now: number): Lane[] {
  return lanes.flatMap((lane) => {
    const [head, ...behind] = lane.queue;
    if (lane.endpointId !== report.endpointId || head?.id !== report.deliveryId) return [lane];
    if (isSettled(report)) return behind.length === 0 ? [] : [{ ...lane, queue: behind }];
    if (report.attempt < head.attempt) return [lane];
    return [{ ...lane, queue: [afterReport(head, report, now), ...behind] }];
  });
}

export const isSettled = ({ outcome }: Pick<DeliveryReport, 'outcome'>): boolean =>
  outcome.kind === 'delivered' || outcome.kind === 'abandoned';

function afterReport(
  { waitsFor: _, ...head }: QueuedDelivery,
  { outcome, attempt }: DeliveryReport,
  now: number,
): QueuedDelivery {
  switch (outcome.kind) {
    case 'retry':
      return { ...head, attempt: attempt + 1, dueAt: now + outcome.delayMs };
    case 'not_due':
      return { ...head, dueAt: now + outcome.delayMs };
    case 'held':
      return { ...head, dueAt: null, waitsFor: 'resume' };
    case 'queued':
      return { ...head, dueAt: now + outcome.recheckAfterMs, waitsFor: 'slot' };
    case 'in_flight':
      return { ...head, dueAt: now + outcome.recheckAfterMs, waitsFor: 'outcome' };
    case 'delivered':
    case 'abandoned':
      return head;
  }
}

/** Lanes of which those that are meant ask at once. */
export const awakened = (lanes: readonly Lane[], isMeant: (lane: Lane) => boolean): Lane[] =>
  lanes.map((lane) => {
    const [head, ...behind] = lane.queue;
    if (head === undefined || !isMeant(lane)) return lane;
    const { waitsFor: _, ...rest } = head;
    return { ...lane, queue: [{ ...rest, dueAt: 0 }, ...behind] };
  });

/** When the head of a lane is to be asked for, epoch milliseconds; infinity: not until something is told. */
export const dueAtOf = ({ queue: [head] }: Lane): number => head?.dueAt ?? Number.POSITIVE_INFINITY;

/** The lane that is due next; undefined: there is none. */
export const nextLane = (lanes: readonly Lane[]): Lane | undefined =>
  lanes.reduce<Lane | undefined>(
    (first, lane) => (first === undefined || dueAtOf(lane) < dueAtOf(first) ? lane : first),
    undefined,
  );
