import type { Claimed } from '../db/endpoint-queue.ts';
import type { Log } from '../log.ts';
import type { InFlight } from './in-flight.ts';

/** After a dispatch that failed (milliseconds). */
const retryMs = 1_000;

export interface EndpointQueueDeps {
  /** Claims what may be sent at an endpoint now, from the head of its queue. */
  claim: (endpointId: string) => Promise<Claimed>;
  /** Makes the attempts that were claimed; their workflows are told the outcomes. */
  attempt: (claimed: Claimed) => void;
  endpointsWithQueue: () => Promise<string[]>;
  inFlight: Pick<InFlight, 'follow' | 'isStopping'>;
  log: Pick<Log, 'warn'>;
}

/**
 * Hands out the slots of endpoints at which more is due than they take at once, or a second. Deliveries queue in
 * Postgres, so that the bounds hold over all processes; whichever process sees a slot become free claims the next.
 */
export class EndpointQueue {
  readonly #deps: EndpointQueueDeps;
  readonly #timers = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  /** Endpoints at which a claim is under way, and whether another one is to follow it. */
  readonly #dispatching = new Map<string, { again: boolean }>();

  constructor(deps: EndpointQueueDeps) {
    this.#deps = deps;
  }

  /**
   * A slot may be free: claims and sends what is next. A claim under way may not have seen it, so another one follows.
   */
  dispatchSoon(endpointId: string): void {
    if (this.#deps.inFlight.isStopping) return;
    const dispatching = this.#dispatching.get(endpointId);
    if (dispatching !== undefined) dispatching.again = true;
    else this.#deps.inFlight.follow(this.#dispatch(endpointId));
  }

  /**
   * The same in `ms` milliseconds, unless it is planned sooner.
   * Lost with the process: the others dispatch when it is dead.
   */
  dispatchLater(endpointId: string, ms: number): void {
    const at = performance.now() + ms;
    const planned = this.#timers.get(endpointId);
    if (planned !== undefined && planned.at <= at) return;
    clearTimeout(planned?.timer);
    const timer = setTimeout(() => {
      this.#timers.delete(endpointId);
      this.dispatchSoon(endpointId);
    }, ms).unref();
    this.#timers.set(endpointId, { at, timer });
  }

  /** What a process that is gone was to dispatch. */
  async dispatchAll(): Promise<void> {
    try {
      for (const endpointId of await this.#deps.endpointsWithQueue()) this.dispatchSoon(endpointId);
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'could not look which endpoints have a queue');
    }
  }

  async #dispatch(endpointId: string): Promise<void> {
    const { claim, attempt, log } = this.#deps;
    const dispatching = { again: true };
    this.#dispatching.set(endpointId, dispatching);
    try {
      while (dispatching.again) {
        dispatching.again = false;
        const claimed = await claim(endpointId);
        attempt(claimed);
        if (claimed.againInMs !== null) this.dispatchLater(endpointId, claimed.againInMs);
      }
    } catch (error) {
      log.warn({ err: error, endpoint_id: endpointId }, 'could not dispatch from the queue of an endpoint');
      this.dispatchLater(endpointId, retryMs);
    } finally {
      this.#dispatching.delete(endpointId);
    }
  }
}
