import { toOpen } from '../db/publishing.ts';
import type { Sendable } from '../db/sendable.ts';
import { type DeliveryReport, isSettled, type OpenDelivery } from '../domain/lanes.ts';
import type { Notice } from '../domain/notice.ts';
import { attempt, type Permission } from './attempt.ts';
import { Deadline } from './deadline.ts';
import { handOver, handOverAfterMs, reportOf } from './deliver.ts';
import type { DeliveryParts } from './parts.ts';

/** Endpoints of one lead that are tried side by side: of a thousand at once none would answer in time. */
const endpointsAtOnce = 32;

/** What is left to a workflow after the first attempts, and what they call for. */
export interface FirstAttempts {
  open: OpenDelivery[];
  notices: Notice[];
  abandoned: boolean;
}

/** Endpoints at which a publish may begin first attempts by itself. Each counts as one attempt until it is released. */
export class FastEndpoints {
  readonly #releases: Map<string, () => void>;

  /** Not those with something unsettled of the subject, nor those that are slow. */
  constructor({ speed }: Pick<DeliveryParts, 'speed'>, endpointIds: readonly string[], busy: readonly string[]) {
    const fast = endpointIds.filter((id) => !busy.includes(id) && speed.isFast(id)).slice(0, endpointsAtOnce);
    this.#releases = new Map(fast.map((id) => [id, speed.start(id)]));
  }

  get ids(): string[] {
    return [...this.#releases.keys()];
  }

  /** The attempt that begins at the endpoint releases it when it ends. */
  take(endpointId: string): () => void {
    const release = this.#releases.get(endpointId);
    this.#releases.delete(endpointId);
    return release ?? (() => {});
  }

  release(): void {
    for (const release of this.#releases.values()) release();
  }
}

/** The first attempts of what was just published, where its rows say that they are under way: endpoints side by side, each in order. */
export async function firstAttempts(
  parts: DeliveryParts,
  workflowId: string,
  published: readonly Sendable[],
  fast: FastEndpoints,
  permission: Permission,
): Promise<FirstAttempts> {
  const begun = published.filter(({ status }) => status === 'delivering');
  if (begun.length === 0) return { open: published.map(toOpen), notices: [], abandoned: false };
  // A pause, a deletion or a change of the URL may have been answered since the publish looked: none of it is passed over.
  const open = await parts.attempts.openEndpoints(begun.map(({ endpointId }) => endpointId));
  const closed = begun.filter(({ endpointId }) => !open.has(endpointId)).map(({ deliveryId }) => deliveryId);
  if (closed.length > 0) await parts.attempts.giveBack(closed, parts.owner);
  const deadline = new Deadline(handOverAfterMs);
  try {
    const lanes = begun.flatMap(({ endpointId }) => {
      const endpoint = open.get(endpointId);
      if (endpoint === undefined) return [];
      const lane = published.filter((one) => one.endpointId === endpointId).map((one) => ({ ...one, ...endpoint }));
      return [runLane(parts, { workflowId, lane, end: fast.take(endpointId) }, permission, deadline)];
    });
    const results = await Promise.allSettled(lanes);
    // What broke is asked for again by its lane, and holds up neither the publish nor other endpoints.
    const reports = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    return summarized(published, reports);
  } finally {
    deadline.clear();
  }
}

/** One endpoint's new deliveries, in order; stops at the first that is not delivered: what follows it is the lane's to decide. */
async function runLane(
  parts: DeliveryParts,
  { workflowId, lane, end }: { workflowId: string; lane: readonly Sendable[]; end: () => void },
  permission: Permission,
  deadline: Deadline,
): Promise<DeliveryReport[]> {
  const reports: DeliveryReport[] = [];
  for (const published of lane) {
    const { deliveryId, endpointId } = published;
    if (deadline.isOver) break;
    const delivery = reports.length === 0 ? published : await parts.attempts.takeNext(deliveryId, parts.owner);
    if (delivery === null) break;
    const ended = reports.length === 0 ? end : parts.speed.start(endpointId);
    const running = parts.inFlight.start(deliveryId, () => attempt(parts, delivery, permission).finally(ended));
    const report =
      (await reportOf(parts, running, endpointId, deadline)) ??
      handOver(parts, running, { workflowId, deliveryId, endpointId, attempt: delivery.attempt, now: permission.now });
    reports.push(report);
    if (report.outcome.kind !== 'delivered') break;
  }
  return reports;
}

function summarized(published: readonly Sendable[], reports: readonly DeliveryReport[]): FirstAttempts {
  const byDelivery = new Map(reports.map((report) => [report.deliveryId, report]));
  return {
    open: published.flatMap((delivery) => {
      const report = byDelivery.get(delivery.deliveryId);
      return report !== undefined && isSettled(report) ? [] : [leftOf(delivery, report)];
    }),
    notices: reports.flatMap(({ notices }) => notices),
    abandoned: reports.some(({ outcome }) => outcome.kind === 'abandoned'),
  };
}

/** What is left to the workflow of a delivery after its first attempt, if one was made. */
function leftOf(delivery: Sendable, report: DeliveryReport | undefined): OpenDelivery {
  const open = { ...toOpen(delivery), attempt: 1 };
  if (report?.outcome.kind === 'retry') return { ...open, attempt: 2, delayMs: report.outcome.delayMs };
  if (report?.outcome.kind === 'in_flight')
    return { ...open, delayMs: report.outcome.recheckAfterMs, waitsFor: 'outcome' };
  return open;
}
