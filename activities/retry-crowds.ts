/** A count holds for so long (milliseconds). */
const countedForMs = 1_000;

interface Counted {
  at: number;
  count: Promise<number>;
  /** How many have joined since, in this process. */
  joined: number;
}

/**
 * How many deliveries of each endpoint wait for their retry, for a failure that is about to be one of them. Postgres counts them
 * once a second and endpoint at the most, and those that this process adds meanwhile are added to that: of a crowd
 * that fails within a second, each is told of those before it.
 */
export class RetryCrowds {
  /** By the time they were counted. */
  readonly #counted = new Map<string, Counted>();
  readonly #count: (endpointId: string) => Promise<number>;
  readonly #now: () => number;

  /**
   * @param count counts an endpoint's deliveries that wait for their retry
   * @param now milliseconds, never set back
   */
  constructor(count: (endpointId: string) => Promise<number>, now: () => number = () => performance.now()) {
    this.#count = count;
    this.#now = now;
  }

  /** Gives how many were there before; throws what counting throws, and then counts anew. */
  async join(endpointId: string): Promise<number> {
    this.#forgetOld();
    const counted = this.#counted.get(endpointId) ?? this.#ask(endpointId);
    const before = counted.joined;
    counted.joined += 1;
    return (await counted.count) + before;
  }

  #ask(endpointId: string): Counted {
    const counted: Counted = { at: this.#now(), count: this.#count(endpointId), joined: 0 };
    this.#counted.set(endpointId, counted);
    counted.count.catch(() => {
      if (this.#counted.get(endpointId) === counted) this.#counted.delete(endpointId);
    });
    return counted;
  }

  #forgetOld(): void {
    const since = this.#now() - countedForMs;
    for (const [endpointId, { at }] of this.#counted) {
      if (at > since) return;
      this.#counted.delete(endpointId);
    }
  }
}
