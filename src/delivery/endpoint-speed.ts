import { maxUnlocked } from '../db/endpoint-queue.ts';
import { KeyedMutex } from '../db/keyed-mutex.ts';

/** An endpoint that answers slower than this is no company for a workflow task (milliseconds). */
const slowMs = 300;
/** How much the newest answer weighs in the average. */
const weight = 0.3;
/** Bounded: the oldest known goes first, and is merely unknown then. */
const maxEndpoints = 50_000;

/**
 * How fast endpoints answer, as far as this process knows: a workflow task waits only for those that answer fast, good
 * or bad. It is advice, not state: losing it costs speed, never an event.
 */
export class EndpointSpeed {
  readonly #averageMs = new Map<string, number>();
  /** By endpoint: attempts being begun, which no other statement can see yet. */
  readonly #beginning = new Map<string, number>();
  readonly #locks = new KeyedMutex();

  isFast(endpointId: string): boolean {
    return (this.#averageMs.get(endpointId) ?? Number.POSITIVE_INFINITY) < slowMs;
  }

  isSlow(endpointId: string): boolean {
    return this.#most(endpointId) === 0;
  }

  /** Takes in how long an attempt took (milliseconds). */
  learn(endpointId: string, durationMs: number): void {
    const before = this.#averageMs.get(endpointId);
    const [oldest] = this.#averageMs.keys();
    if (before === undefined && oldest !== undefined && this.#averageMs.size >= maxEndpoints)
      this.#averageMs.delete(oldest);
    this.#averageMs.set(endpointId, before === undefined ? durationMs : before * (1 - weight) + durationMs * weight);
  }

  /**
   * Begins an attempt without the endpoint's lock, unless it is slow: `begin` is told below how many under way it may.
   * An unknown one is tried if nothing else is under way there. What begins counts here until its row is seen.
   */
  async unlocked<Result>(endpointId: string, begin: (below: number) => Promise<Result | null>): Promise<Result | null> {
    const below = this.#most(endpointId) - this.unseen(endpointId);
    return below <= 0 ? null : this.#beginOne(endpointId, () => begin(below));
  }

  /** Begins an attempt behind the endpoint's lock, one at a time: `begin` is told how many others it cannot see. */
  locked<Result>(endpointId: string, begin: (unseen: number) => Promise<Result>): Promise<Result> {
    return this.#locks.run(endpointId, () => {
      const unseen = this.unseen(endpointId);
      return this.#beginOne(endpointId, () => begin(unseen));
    });
  }

  /** How many attempts are being begun at an endpoint, and may be under way before another statement sees them. */
  unseen(endpointId: string): number {
    return this.#beginning.get(endpointId) ?? 0;
  }

  async #beginOne<Result>(endpointId: string, begin: () => Promise<Result>): Promise<Result> {
    this.#beginning.set(endpointId, this.unseen(endpointId) + 1);
    try {
      return await begin();
    } finally {
      this.#release(endpointId);
    }
  }

  #most(endpointId: string): number {
    if (this.isFast(endpointId)) return maxUnlocked;
    return this.#averageMs.has(endpointId) ? 0 : 1;
  }

  #release(endpointId: string): void {
    const left = this.unseen(endpointId) - 1;
    if (left <= 0) this.#beginning.delete(endpointId);
    else this.#beginning.set(endpointId, left);
  }
}
