/** Runs work at most `limit` at a time; the others wait for their turn, in the order they came. */
export class AtMost {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #isBinding: () => boolean;

  /** @param isBinding asked by whoever would have to wait: false lets it go all the same */
  constructor(limit: number, isBinding: () => boolean = () => true) {
    this.#free = limit;
    this.#isBinding = isBinding;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free <= 0 && this.#isBinding()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await work();
    } finally {
      // Who waited gets this place as it is.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
