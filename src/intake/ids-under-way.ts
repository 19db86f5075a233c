import { DependencyUnavailableError } from '../errors.ts';

/** The longest that a request waits for others with its ids (milliseconds); each of them is bounded itself. */
const patienceMs = 10_000;

/**
 * Lets one request at a time of this process work on an inbound id: another one would not find the id in the ledger
 * before its signal is durable. A request takes all its ids at once or none, so no two wait for each other.
 */
export class IdsUnderWay {
  readonly #ends = new Map<string, Promise<unknown>>();

  /** @throws `DependencyUnavailableError` when the ids did not become free in time */
  async run<Result>(ids: readonly string[], work: () => Promise<Result>): Promise<Result> {
    const giveUpAt = performance.now() + patienceMs;
    for (let busy = this.#busyAmong(ids); busy !== undefined; busy = this.#busyAmong(ids)) {
      if (performance.now() > giveUpAt) throw new DependencyUnavailableError('temporal', 'the same ids are under way');
      await busy;
    }
    const result = work();
    const end = result.then(
      () => undefined,
      () => undefined,
    );
    for (const id of ids) this.#ends.set(id, end);
    try {
      return await result;
    } finally {
      for (const id of ids) this.#ends.delete(id);
    }
  }

  #busyAmong(ids: readonly string[]): Promise<unknown> | undefined {
    const taken = ids.find((id) => this.#ends.has(id));
    return taken === undefined ? undefined : this.#ends.get(taken);
  }
}
