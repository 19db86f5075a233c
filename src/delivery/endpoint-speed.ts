import { maxFastInFlight } from '../db/sendable.ts';

/** An endpoint that answers slower than this is no company for a workflow task (milliseconds). */
const slowMs = 300;
/** After this long without an answer nothing is known of an endpoint any more (milliseconds). */
const staleMs = 60_000;
/** How much the newest answer weighs in the average. */
const weight = 0.3;
/** Bounded: the oldest known goes first, and is merely unknown then. */
const maxEndpoints = 50_000;

interface Speed {
  averageMs: number;
  /** Null: no attempt has ended yet. */
  knownAt: number | null;
  inFlight: number;
}

/**
 * What this process knows of each endpoint's answers, to decide whether a workflow task may wait for an attempt: only where
 * answers are fast, good or bad. It is advice, not state: losing it costs speed, never an event.
 */
export class EndpointSpeed {
  readonly #endpoints = new Map<string, Speed>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Slow, unheard of for long, or busy: at most one attempt at a time finds out. */
  isFast(endpointId: string): boolean {
    const speed = this.#endpoints.get(endpointId);
    if (speed === undefined) return true;
    const isKnown = speed.knownAt !== null && this.#now() - speed.knownAt <= staleMs;
    if (!isKnown) return speed.inFlight === 0;
    return speed.averageMs < slowMs && speed.inFlight < maxFastInFlight;
  }

  /** Counts an attempt that is about to begin; call what it gives when it has ended, or does not begin after all. */
  start(endpointId: string): () => void {
    const speed = this.#of(endpointId);
    speed.inFlight += 1;
    let isOver = false;
    return () => {
      if (!isOver) speed.inFlight -= 1;
      isOver = true;
    };
  }

  /** Takes in how long an attempt took (milliseconds). */
  learn(endpointId: string, durationMs: number): void {
    const speed = this.#of(endpointId);
    speed.averageMs = speed.knownAt === null ? durationMs : speed.averageMs * (1 - weight) + durationMs * weight;
    speed.knownAt = this.#now();
  }

  #of(endpointId: string): Speed {
    const known = this.#endpoints.get(endpointId);
    if (known !== undefined) return known;
    const [oldest] = this.#endpoints.keys();
    if (oldest !== undefined && this.#endpoints.size >= maxEndpoints) this.#endpoints.delete(oldest);
    const speed: Speed = { averageMs: 0, knownAt: null, inFlight: 0 };
    this.#endpoints.set(endpointId, speed);
    return speed;
  }
}
