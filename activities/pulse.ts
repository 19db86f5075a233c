/** How often it beats, and after how long without a beat this process stood still (milliseconds). */
const beatMs = 250;
const standstillMs = 2_000;

interface Clock {
  /** Milliseconds, never set back; may stop while a virtual machine is paused. */
  steady(): number;
  /** Epoch milliseconds: goes on during a pause, and may be set. */
  wall(): number;
}

/**
 * Notices that this process stood still: stopped, paused with its machine, or starved. Its heartbeats may have been missed
 * then, and another process may have taken over what this one was about to send. A clock that was set looks the same, and
 * costs a repeat of the question whether it may be sent.
 */
export class Pulse {
  readonly #clock: Clock;
  #steadyBeat: number;
  #wallBeat: number;
  #stoodStillAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock = { steady: () => performance.now(), wall: Date.now }) {
    this.#clock = clock;
    this.#steadyBeat = clock.steady();
    this.#wallBeat = clock.wall();
    setInterval(() => this.#beat(), beatMs).unref();
  }

  /** A moment to ask about later. */
  now(): number {
    this.#beat();
    return this.#clock.steady();
  }

  hasStoodStillSince(moment: number): boolean {
    this.#beat();
    return this.#stoodStillAt > moment;
  }

  #beat(): void {
    const [steady, wall] = [this.#clock.steady(), this.#clock.wall()];
    const gapMs = Math.max(steady - this.#steadyBeat, Math.abs(wall - this.#wallBeat));
    if (gapMs > standstillMs) this.#stoodStillAt = steady;
    this.#steadyBeat = steady;
    this.#wallBeat = wall;
  }
}
