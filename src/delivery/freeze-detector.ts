/** How often it looks at the clocks, and after how long without a look this process was frozen (milliseconds). */
const lookMs = 250;
const frozenMs = 2_000;

interface Clock {
  /** Milliseconds, never set back; may stop while a virtual machine is paused. */
  steady(): number;
  /** Epoch milliseconds: goes on during a pause, and may be set. */
  wall(): number;
}

/**
 * Notices that this process was frozen: stopped, paused with its machine, or starved. Its heartbeats may have been missed
 * then, and another process may have taken over what this one was about to send. A clock that was set looks the same, and
 * costs a repeat of the question whether it may be sent.
 */
export class FreezeDetector {
  readonly #clock: Clock;
  #steadyLook: number;
  #wallLook: number;
  #thawedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock = { steady: () => performance.now(), wall: Date.now }) {
    this.#clock = clock;
    this.#steadyLook = clock.steady();
    this.#wallLook = clock.wall();
    setInterval(() => this.#look(), lookMs).unref();
  }

  /** A moment to ask about later. */
  now(): number {
    this.#look();
    return this.#clock.steady();
  }

  wasFrozenSince(moment: number): boolean {
    this.#look();
    return this.#thawedAt > moment;
  }

  #look(): void {
    const [steady, wall] = [this.#clock.steady(), this.#clock.wall()];
    const gapMs = Math.max(steady - this.#steadyLook, Math.abs(wall - this.#wallLook));
    if (gapMs > frozenMs) this.#thawedAt = steady;
    this.#steadyLook = steady;
    this.#wallLook = wall;
  }
}
