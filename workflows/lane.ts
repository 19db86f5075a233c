import { condition, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { AttemptInput } from '../activities/begin.ts';
import type { DeliverActivities, DeliveryReport } from '../activities/deliver.ts';
import type { OpenDelivery } from '../activities/publish.ts';
import { AtMost } from '../src/domain/at-most.ts';
import { attemptSummary, timerSummary } from './lane-words.ts';
import { startNotice } from './notice.ts';
import { tellEndpoint } from './tell-endpoint.ts';

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
   * Epoch milliseconds of the workflow's clock, 0: at once; for one that waits in line, when it looks again if nobody calls it. An
   * absolute time, since timers do not cross continue-as-new.
   */
  dueAt: number;
  /** It sleeps until it is woken: the endpoint is paused, or has as many attempts under way as it takes. */
  asleep?: 'held' | 'waiting';
}

export interface LaneOptions {
  lanes: Lane[];
  /** Where attempts run that a workflow task must not wait for. */
  taskQueue: string;
  /** Asked at each attempt: a fresh run learns it with its first publish. */
  attemptTimeoutMs: () => number;
  /** How many attempts the schedule allows; null: not known. */
  attempts: () => number | null;
  onAbandoned: () => void;
  onSettled: () => void;
}

/** What recording an answer may take while the database is away (milliseconds): see `recordingPatienceMs` of the activities. */
const recordingMs = 90_000;

/**
 * So many lanes of a workflow ask for an attempt at once, and so many wait for one that was handed over. Answers that come
 * while a workflow task is under way wait in the server for its end, as two events each; behind a hundred of them the server
 * fails the task by force, and the run is read anew, with the next hundred waiting by then. A lead has as many lanes as its
 * organization has endpoints.
 */
const lanesAtOnce = 32;

// What it sends is handed over after half a second; what remains is Postgres.
const { attemptAtOnce } = proxyLocalActivities<DeliverActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

/**
 * The lanes of one subject. Each works its head until it is settled, then the next goes at once: waiting for its turn is not
 * a failure, and no lane waits for another (spec sections 1 and 5).
 */
export class Lanes {
  readonly #options: LaneOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #wakes = new Map<string, number>();
  readonly #asking = new AtMost(lanesAtOnce);
  readonly #waiting = new AtMost(lanesAtOnce);
  #stopping = false;

  constructor(options: LaneOptions) {
    this.#options = options;
    for (const lane of options.lanes) this.#run(lane);
  }

  /** Endpoints with something unsettled: nothing may be sent past it. */
  get busyEndpoints(): string[] {
    return this.#options.lanes.map(({ endpointId }) => endpointId);
  }

  get isEmpty(): boolean {
    return this.#options.lanes.length === 0;
  }

  add(deliveries: readonly OpenDelivery[], now: number): void {
    for (const { id, endpointId, attempt, delayMs, host, names } of deliveries) {
      const dueAt = delayMs === 0 ? 0 : now + delayMs;
      const queued: QueuedDelivery = { id, ...(names !== undefined && { names }), attempt, dueAt };
      const lane = this.#options.lanes.find((candidate) => candidate.endpointId === endpointId);
      if (lane !== undefined) {
        if (lane.queue.some((other) => other.id === id)) continue;
        lane.queue.push(queued);
        // Its head may have been sent meanwhile: with nothing behind it nobody would say so.
        if (lane.queue[0]?.asleep === 'waiting') this.wake(endpointId);
        continue;
      }
      const attempts = this.#options.attempts();
      const fresh: Lane = { endpointId, ...(host !== undefined && { host }), attempts, queue: [queued] };
      this.#options.lanes.push(fresh);
      this.#run(fresh);
    }
  }

  wake(endpointId: string): void {
    this.#wakes.set(endpointId, this.#wakesOf(endpointId) + 1);
    const head = this.#options.lanes.find((lane) => lane.endpointId === endpointId)?.queue[0];
    if (head === undefined) return;
    // In the state too: a wake that comes while the run continues as new is the next run's to act on.
    delete head.asleep;
    head.dueAt = 0;
  }

  /** Lets the attempts under way come to their outcome and starts no further one; the lanes' state then holds all that is left. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running.values());
  }

  #wakesOf(endpointId: string): number {
    return this.#wakes.get(endpointId) ?? 0;
  }

  #deliver() {
    const { taskQueue, attemptTimeoutMs } = this.#options;
    return proxyActivities<DeliverActivities>({
      taskQueue,
      startToCloseTimeout: attemptTimeoutMs() + recordingMs,
      heartbeatTimeout: '10s',
      // Only broken infrastructure throws: it is retried without end and uses up no attempt.
      retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
    });
  }

  #run(lane: Lane): void {
    const done = this.#work(lane).finally(() => {
      // The endpoint may have a new lane by now.
      if (this.#running.get(lane.endpointId) === done) this.#running.delete(lane.endpointId);
    });
    this.#running.set(lane.endpointId, done);
  }

  async #work(lane: Lane): Promise<void> {
    for (let head = lane.queue[0]; head !== undefined && !this.#stopping; head = lane.queue[0]) {
      if (!(await this.#waitForTurn(lane, head))) return;
      await this.#attempt(lane, head);
    }
    if (lane.queue.length > 0) return;
    this.#options.lanes.splice(this.#options.lanes.indexOf(lane), 1);
    this.#options.onSettled();
  }

  /** False when the workflow is about to continue as new. */
  async #waitForTurn(lane: Lane, head: QueuedDelivery): Promise<boolean> {
    const wakes = this.#wakesOf(lane.endpointId);
    const interrupted = () => this.#stopping || this.#wakesOf(lane.endpointId) !== wakes;
    if (head.asleep === 'held') await condition(interrupted);
    else if (head.dueAt > Date.now())
      await condition(interrupted, head.dueAt - Date.now(), { summary: timerSummary(head, lane) });
    return !this.#stopping;
  }

  /**
   * Within this workflow task where that takes no time; a slow partner is waited for beside it. Null: the workflow is about
   * to continue as new, and the next run asks again.
   */
  async #report(head: QueuedDelivery, lane: Lane): Promise<DeliveryReport | null> {
    const { id: deliveryId, attempt } = head;
    const ask = (): [AttemptInput] => [{ deliveryId, endpointId: lane.endpointId, attempt, now: Date.now() }];
    const options = { summary: attemptSummary(head, lane) };
    const report = await this.#asking.run(async () =>
      this.#stopping ? null : attemptAtOnce.executeWithOptions(options, ask()),
    );
    if (report?.outcome.kind !== 'in_flight') return report;
    return this.#waiting.run(async () =>
      this.#stopping ? null : this.#deliver().attemptDelivery.executeWithOptions(options, ask()),
    );
  }

  async #attempt(lane: Lane, head: QueuedDelivery): Promise<void> {
    const { endpointId } = lane;
    const wakes = this.#wakesOf(endpointId);
    const queued = lane.queue.length;
    const report = await this.#report(head, lane);
    if (report === null) return;
    const { outcome, notices, isProbe } = report;
    for (const notice of notices) await startNotice(notice);
    if (isProbe) await tellEndpoint(endpointId, head.id, outcome);
    delete head.asleep;
    switch (outcome.kind) {
      case 'delivered':
        lane.queue.shift();
        return;
      case 'abandoned':
        this.#options.onAbandoned();
        lane.queue.shift();
        return;
      case 'retry':
        head.attempt += 1;
        head.dueAt = Date.now() + outcome.delayMs;
        // Told meanwhile that there is something to see, a skip say: look; too early, it is told until when to wait.
        if (this.#wakesOf(endpointId) !== wakes) head.dueAt = 0;
        return;
      case 'held':
      case 'waiting':
        head.dueAt = 0;
        // A wake that came while the attempt was finding out means: look again at once.
        if (this.#wakesOf(endpointId) !== wakes) return;
        // So does what was queued behind it meanwhile: when its head ended, there may have been nothing.
        if (outcome.kind === 'waiting' && lane.queue.length > queued) return;
        head.asleep = outcome.kind;
        if (outcome.kind === 'waiting') head.dueAt = Date.now() + outcome.lookAgainMs;
        return;
      case 'in_flight':
        return;
    }
  }
}
