import { maxFastInFlight } from '../src/db/sendable.ts';
import type { AttemptResult } from '../src/domain/outcome.ts';

/** An endpoint that answers slower than this is no company for a workflow task (milliseconds). */
const slowMs = 300;
/** After this long without an answer nothing is known of an endpoint any more (milliseconds). */
const staleMs = 60_000;
/** How much the newest answer weighs in the average. */
const weight = 0.3;

interface Health {
  averageMs: number;
  knownAt: number;
  inFlight: number;
  /** Of these, those that no row shows as under way. */
  unlisted: number;
}

/**
 * What this process knows of each endpoint, to decide whether a workflow task may wait for an attempt: only where answers are
 * fast, good or bad. A slow endpoint, or one over its bound, never holds a workflow's slot; one that was not heard of for long
 * is tried by one attempt at a time. It is advice, not state: losing it costs speed, never an event.
 */
export class EndpointHealth {
  readonly #endpoints = new Map<string, Health>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  mayGoFast(endpointId: string): boolean {
    const health = this.#endpoints.get(endpointId);
    if (health === undefined) return true;
    if (this.#isStale(health)) return health.inFlight === 0;
    return health.averageMs < slowMs && health.inFlight < maxFastInFlight;
  }

  /** How long a slow endpoint takes to answer (milliseconds); null where it is fast, or not known. */
  answerMs(endpointId: string): number | null {
    const health = this.#endpoints.get(endpointId);
    if (health === undefined || health.averageMs < slowMs || this.#isStale(health)) return null;
    return health.averageMs;
  }

  /** Attempts of this process that the rows do not show as under way: whoever counts the rows adds these. */
  unlisted(endpointId: string): number {
    return this.#endpoints.get(endpointId)?.unlisted ?? 0;
  }

  /** An attempt begins that no row shows; call what it gives when it has ended, or a row shows it. */
  startUnlisted(endpointId: string): () => void {
    const health = this.#of(endpointId);
    health.unlisted += 1;
    return () => {
      health.unlisted -= 1;
    };
  }

  /** Takes a place for an attempt that is being asked for, so that nobody else takes the last one; gives what gives it back. */
  reserve(endpointId: string): () => void {
    const health = this.#of(endpointId);
    health.inFlight += 1;
    return () => {
      health.inFlight -= 1;
    };
  }

  /** Runs an attempt and remembers how the endpoint did. */
  async track(endpointId: string, attempt: () => Promise<AttemptResult>): Promise<AttemptResult> {
    const health = this.#of(endpointId);
    health.inFlight += 1;
    try {
      const result = await attempt();
      health.averageMs =
        health.knownAt === Number.NEGATIVE_INFINITY
          ? result.durationMs
          : health.averageMs * (1 - weight) + result.durationMs * weight;
      health.knownAt = this.#now();
      return result;
    } finally {
      health.inFlight -= 1;
    }
  }

  #isStale({ knownAt }: Health): boolean {
    return this.#now() - knownAt > staleMs;
  }

  #of(endpointId: string): Health {
    return this.#endpoints.get(endpointId) ?? this.#add(endpointId);
  }

  #add(endpointId: string): Health {
    // Bounded: the oldest known goes first; it is merely unknown then.
    if (this.#endpoints.size >= 50_000) {
      const oldest = this.#endpoints.keys().next().value;
      if (oldest !== undefined) this.#endpoints.delete(oldest);
    }
    const health: Health = {
      averageMs: 0,
      knownAt: Number.NEGATIVE_INFINITY,
      inFlight: 0,
      unlisted: 0,
    };
    this.#endpoints.set(endpointId, health);
    return health;
  }
}
