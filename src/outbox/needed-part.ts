import { backoffMs } from './backoff.ts';

const probeBackoff = { firstMs: 250, longestMs: 5_000 };

/**
 * A part the relay cannot work without. When something failed, a probe tells whether the part is away, which is nobody's
 * fault and waited for by all, or well, so that the trouble is the row's own.
 */
export class NeededPart {
  readonly name: string;
  readonly #probe: () => Promise<unknown>;
  readonly #onChange: (isAway: boolean, error?: unknown) => void;
  #isAway = false;
  #failures = 0;
  #nextProbeAt = 0;
  #probing: Promise<boolean> | null = null;

  constructor(
    name: string,
    probe: () => Promise<unknown>,
    onChange: (isAway: boolean, error?: unknown) => void = () => undefined,
  ) {
    this.name = name;
    this.#probe = probe;
    this.#onChange = onChange;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** Asks the part; askers at the same time share one answer. */
  isThere(): Promise<boolean> {
    this.#probing ??= this.#ask().finally(() => {
      this.#probing = null;
    });
    return this.#probing;
  }

  /** The same, but of a part that is away not more often than its backoff allows. */
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
