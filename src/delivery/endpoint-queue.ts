import type { Claimed, ClaimedDelivery } from '../db/endpoint-queue.ts';
import type { Log } from '../telemetry/log.ts';
import type { InFlight } from './in-flight.ts';
import type { KeyedMutex } from './keyed-mutex.ts';

/** `permittedAt`: by the freeze detector, before it was claimed. */
type Permitted = ClaimedDelivery & { permittedAt: number };

/** After a dispatch that failed (milliseconds). */
const retryMs = 1_000;

export interface EndpointQueueParts {
  /** Claims what may be sent at an endpoint now, from the head of its queue. */
  claim: (endpointId: string) => Promise<Claimed & { deliveries: Permitted[] }>;
  /** Makes a claimed attempt, and tells its workflow the outcome. */
  attempt: (delivery: Permitted) => Promise<void>;
  endpointsWithQueue: () => Promise<string[]>;
  mutex: KeyedMutex;
  inFlight: Pick<InFlight, 'follow' | 'isStopping'>;
  log: Pick<Log, 'warn'>;
}

/**
 * Hands out the slots of endpoints at which more is due than they take at once, or a second. Deliveries queue in Postgres, so
 * that the bounds hold over all processes; whichever process sees a slot become free claims the next.
 */
export class EndpointQueue {
  readonly #parts: EndpointQueueParts;
  readonly #due = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  readonly #asked = new Set<string>();

  constructor(parts: EndpointQueueParts) {
    this.#parts = parts;
  }

  /** A slot may be free: claims and sends what is next, beside what is going on. */
  dispatchSoon(endpointId: string): void {
    const { inFlight, mutex } = this.#parts;
    // One that has not begun yet will see what this one would.
    if (this.#asked.has(endpointId) || inFlight.isStopping) return;
    this.#asked.add(endpointId);
    inFlight.follow(mutex.run(endpointId, () => this.#dispatch(endpointId)));
  }

  /** The same in `ms` milliseconds, unless it is planned sooner. Lost with the process: another one dispatches when it starts. */
  dispatchLater(endpointId: string, ms: number): void {
    const at = performance.now() + ms;
    const planned = this.#due.get(endpointId);
    if (planned !== undefined && planned.at <= at) return;
    clearTimeout(planned?.timer);
    const timer = setTimeout(() => {
      this.#due.delete(endpointId);
      this.dispatchSoon(endpointId);
    }, ms).unref();
    this.#due.set(endpointId, { at, timer });
  }

  /** What a process that is gone was to dispatch. */
  async dispatchAll(): Promise<void> {
    try {
      for (const endpointId of await this.#parts.endpointsWithQueue()) this.dispatchSoon(endpointId);
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'could not look which endpoints have a queue');
    }
  }

  async #dispatch(endpointId: string): Promise<void> {
    const { claim, attempt, inFlight, log } = this.#parts;
    this.#asked.delete(endpointId);
    try {
      const { deliveries, againInMs } = await claim(endpointId);
      for (const delivery of deliveries) inFlight.follow(attempt(delivery));
      if (againInMs !== null) this.dispatchLater(endpointId, againInMs);
    } catch (error) {
      log.warn({ err: error, endpoint_id: endpointId }, 'could not dispatch from the queue of an endpoint');
      this.dispatchLater(endpointId, retryMs);
    }
  }
}
