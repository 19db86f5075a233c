import { backoffMs } from './backoff.ts';

const probeBackoff = { firstMs: 250, longestMs: 5_000 };

/**
 * A server that the relay cannot work without. After a failure a probe tells whether the server is away, and then every
 * row waits and none is blamed, or well, and then the failure is the row's own.
 */
export class Dependency {
  readonly #probe: () => Promise<unknown>;
  readonly #onChange: (isAway: boolean, error?: unknown) => void;
  #isAway = false;
  #failures = 0;
  #nextProbeAt = 0;
  #probing: Promise<boolean> | null = null;

  constructor(probe: () => Promise<unknown>, onChange: (isAway: boolean, error?: unknown) => void) {
    this.#probe = probe;
    this.#onChange = onChange;
  }

  /** Asks the server now; callers at the same time share one probe. */
  isThere(): Promise<boolean> {
    this.#probing ??= this.#ask().finally(() => {
      this.#probing = null;
    });
    return this.#probing;
  }

  /** Asks only a server that was away, and not more often than the backoff allows. */
  async isBack(): Promise<boolean> {
    if (!this.#isAway) return true;
    return Date.now() >= this.#nextProbeAt && (await this.isThere());
  }

  async #ask(): Promise<boolean> {
    try {
      await this.#probe();
      this.#failures = 0;
      this.#setAway(false);
      return true;
    } catch (error) {
      this.#nextProbeAt = Date.now() + backoffMs(this.#failures, probeBackoff);
      this.#failures += 1;
      this.#setAway(true, error);
      return false;
    }
  }

  #setAway(isAway: boolean, error?: unknown): void {
    if (this.#isAway === isAway) return;
    this.#isAway = isAway;
    this.#onChange(isAway, error);
  }
}
