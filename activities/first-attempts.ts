import { setTimeout as wait } from 'node:timers/promises';
import type { Attempts } from '../src/db/attempts.ts';
import type { Sendable } from '../src/db/sendable.ts';
import { AtMost } from '../src/domain/at-most.ts';
import type { Notice } from '../src/domain/notice.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import { type AttemptParts, attemptDelivery } from './attempt.ts';
import type { InFlight } from './in-flight.ts';

/** How long a workflow task waits for a partner before the attempt is handed over (milliseconds). */
export const handOverAfterMs = 500;
/**
 * So many endpoints of a lead are tried side by side: of a thousand at once none would answer in time, and a thousand
 * attempts handed over at once are more than a workflow can take in.
 */
const endpointsAtOnce = 32;

export interface FirstAttemptParts extends AttemptParts {
  attempts: Pick<Attempts, 'record' | 'markUnderWay' | 'next' | 'openEndpoints'>;
  inFlight: InFlight;
}

/** When a publish was called. */
export interface Moment {
  /** The workflow's time, epoch milliseconds. */
  now: number;
  /** By the pulse. */
  permittedAt: number;
}

/** A delivery after its first chance: `outcome` is null when nothing was sent yet. */
export interface Attempted {
  delivery: Sendable;
  outcome: Outcome | null;
  notices: Notice[];
}

export const notAttempted = (delivery: Sendable): Attempted => ({ delivery, outcome: null, notices: [] });

const handedOver = Symbol('handed over');

/** One endpoint's new deliveries, in order; stops at the first that is not delivered: what follows it is the lane's to decide. */
async function runLane(
  parts: FirstAttemptParts,
  lane: Sendable[],
  { now, permittedAt }: Moment,
  deadline: AbortSignal,
): Promise<Attempted[]> {
  const done: Attempted[] = [];
  for (const published of lane) {
    const { deliveryId } = published;
    const delivery = done.length === 0 ? published : await parts.attempts.next(deliveryId);
    if (delivery === null || deadline.aborted || !delivery.endpointOpen) break;
    if (delivery.endpointMetered || !parts.health.mayGoFast(delivery.endpointId)) break;
    const list = parts.health.startUnlisted(delivery.endpointId);
    const attempt = parts.inFlight.start(deliveryId, () => attemptDelivery(parts, delivery, 1, now, permittedAt));
    try {
      const report = await Promise.race([attempt, aborted(deadline)]);
      if (report === handedOver) {
        await parts.attempts.markUnderWay(deliveryId, parts.inFlight.owner);
        done.push({ delivery, outcome: { kind: 'in_flight' }, notices: [] });
        break;
      }
      done.push({ delivery, ...report });
      if (report.outcome.kind !== 'delivered') break;
    } finally {
      list();
    }
  }
  return [...done, ...lane.slice(done.length).map(notAttempted)];
}

function byEndpoint(deliveries: Sendable[]): Map<string, Sendable[]> {
  const lanes = new Map<string, Sendable[]>();
  for (const delivery of deliveries) {
    const lane = lanes.get(delivery.endpointId);
    if (lane === undefined) lanes.set(delivery.endpointId, [delivery]);
    else lane.push(delivery);
  }
  return lanes;
}

const aborted = (signal: AbortSignal): Promise<typeof handedOver> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(handedOver);
    else signal.addEventListener('abort', () => resolve(handedOver), { once: true });
  });

/**
 * The first attempts of freshly published deliveries, inside the workflow task: endpoints side by side, so many at a time, each in order. It
 * takes at most `handOverAfterMs`: an attempt that is slower goes on in this process, and a regular activity waits for its
 * outcome, so that nothing is sent twice and no slow partner holds up a workflow's slot.
 */
export async function firstAttempts(
  parts: FirstAttemptParts,
  deliveries: Sendable[],
  busy: ReadonlySet<string>,
  moment: Moment,
): Promise<Attempted[]> {
  const lanes = byEndpoint(deliveries);
  if (lanes.size === 0) return [];
  const sideBySide = new AtMost(endpointsAtOnce);
  const deadline = new AbortController();
  const timer = new AbortController();
  wait(handOverAfterMs, undefined, { signal: timer.signal, ref: false }).then(
    () => deadline.abort(),
    () => {},
  );
  try {
    const open = await parts.attempts.openEndpoints([...lanes.keys()].filter((endpointId) => !busy.has(endpointId)));
    // All of them come to their end before one that broke is thrown: nothing is sent behind the back of its repeat.
    const results = await Promise.allSettled(
      [...lanes].map(([endpointId, lane]) => {
        const endpoint = open.get(endpointId);
        if (endpoint === undefined) return Promise.resolve(lane.map(notAttempted));
        const current = lane.map((delivery) => ({ ...delivery, ...endpoint }));
        return sideBySide.run(() => runLane(parts, current, moment, deadline.signal));
      }),
    );
    return results.flatMap((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  } finally {
    timer.abort();
  }
}
