import type { Dispatcher } from 'undici';

/**
 * One endpoint's connections. Two endpoints never share any, same host or not: a slow one delays no other (spec section 5).
 * At most `maxOpen` requests are open at once, in this process; the others start in order as these end.
 */
export class Target {
  readonly #maxOpen: number;
  readonly #maxAgeMs: number;
  readonly #openPool: () => Dispatcher;
  readonly #waiting: Waiting[] = [];
  #open = 0;
  #onDrained: (() => void) | undefined;
  #pool: Dispatcher;
  #poolOpenedAt = Date.now();
  #lastUsedAt = this.#poolOpenedAt;

  /** A pool older than `maxAgeMs` gives way to a new one, so that a change in DNS is noticed under steady traffic too. */
  constructor(options: { openPool: () => Dispatcher; maxOpen: number; maxAgeMs: number }) {
    this.#openPool = options.openPool;
    this.#maxOpen = options.maxOpen;
    this.#maxAgeMs = options.maxAgeMs;
    this.#pool = options.openPool();
  }

  run(request: Waiting): void {
    this.#waiting.push(request);
    this.#next();
  }

  /** To be called once for every request that was started. */
  release(): void {
    this.#open -= 1;
    this.#next();
    if (this.#open === 0) this.#onDrained?.();
  }

  isIdleSince(time: number): boolean {
    return this.#open === 0 && this.#lastUsedAt < time;
  }

  /** Waits for the requests, not for connections that are still being made for requests that have expired. */
  async close(): Promise<void> {
    if (this.#open > 0) {
      await new Promise<void>((drained) => {
        this.#onDrained = drained;
      });
    }
    await this.#pool.destroy();
  }

  #next(): void {
    while (this.#open < this.#maxOpen) {
      const request = this.#waiting.shift();
      if (request === undefined) return;
      if (request.isSettled()) continue;
      this.#open += 1;
      request.start(this.#currentPool());
    }
  }

  #currentPool(): Dispatcher {
    this.#lastUsedAt = Date.now();
    if (this.#lastUsedAt - this.#poolOpenedAt > this.#maxAgeMs) {
      void this.#pool.close();
      this.#pool = this.#openPool();
      this.#poolOpenedAt = this.#lastUsedAt;
    }
    return this.#pool;
  }
}

interface Waiting {
  /** It expired while it waited: nothing will be sent. */
  isSettled: () => boolean;
  start: (pool: Dispatcher) => void;
}
