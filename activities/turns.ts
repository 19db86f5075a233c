/**
 * Runs work one at a time per key in this process. Statements that wait for an endpoint's lock would each hold a connection
 * while they wait: with turns, a crowded endpoint holds one, and the others are for everybody else.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #lengths = new Map<string, number>();

  /** How many have the turn at `key`, or wait for it. */
  length(key: string): number {
    return this.#lengths.get(key) ?? 0;
  }

  async take<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key);
    const turn = (before ?? Promise.resolve()).then(work, work);
    this.#last.set(key, turn);
    this.#lengths.set(key, this.length(key) + 1);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
      if (this.length(key) === 1) this.#lengths.delete(key);
      else this.#lengths.set(key, this.length(key) - 1);
    }
  }
}
