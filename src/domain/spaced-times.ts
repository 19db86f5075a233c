/** So many are drawn for each time. */
const draws = 16;
/** Farther from each other than this is far enough (milliseconds): what is done then has ended long before. */
const farEnoughMs = 200;
/** Of more than so many the latest are forgotten: what comes first is to be spaced. */
const mostKept = 10_000;

/**
 * Times at which this process has planned work that may as well be done a little earlier or later. Chosen at random alone, some of them fall
 * together, and whatever else happens then waits behind all of that work. So of several random times the one
 * that is farthest from the others is taken (Mitchell's best candidate).
 */
export class SpacedTimes {
  /** Ascending, epoch milliseconds. */
  readonly #planned: number[] = [];

  /**
   * Plans one more.
   * @param draw gives a random one of the times that will do, epoch milliseconds
   * @param now epoch milliseconds
   */
  choose(draw: () => number, now: number): number {
    this.#planned.splice(0, this.#placeOf(now - farEnoughMs));
    let best = draw();
    let distance = this.#distanceAt(best);
    for (let drawn = 1; drawn < draws && distance < farEnoughMs; drawn += 1) {
      const other = draw();
      const othersDistance = this.#distanceAt(other);
      if (othersDistance > distance) [best, distance] = [other, othersDistance];
    }
    this.#planned.splice(this.#placeOf(best), 0, best);
    if (this.#planned.length > mostKept) this.#planned.pop();
    return best;
  }

  #distanceAt(time: number): number {
    const place = this.#placeOf(time);
    const before = this.#planned[place - 1] ?? Number.NEGATIVE_INFINITY;
    const after = this.#planned[place] ?? Number.POSITIVE_INFINITY;
    return Math.min(time - before, after - time);
  }

  /** How many are earlier. */
  #placeOf(time: number): number {
    let from = 0;
    let to = this.#planned.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#planned[middle] ?? 0) < time) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
