import { setTimeout as sleep } from 'node:timers/promises';

/** Thrown by an assertion that waiting cannot make true. */
export class Hopeless extends Error {
  override readonly name = 'Hopeless';
}

/** Between two looks: a twentieth of what was waited so far, within these bounds (milliseconds). */
const [shortestMs, longestMs] = [20, 100];

/** Repeats `assertion` until it no longer throws; after `timeoutMs` its last error is thrown. Gives what it gave. */
export async function eventually<Result>(
  assertion: () => Result | Promise<Result>,
  timeoutMs = 90_000,
): Promise<Result> {
  const startedAt = Date.now();
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      const waitedMs = Date.now() - startedAt;
      if (waitedMs >= timeoutMs || error instanceof Hopeless) throw error;
      await sleep(Math.min(Math.max(shortestMs, waitedMs / 20), longestMs));
    }
  }
}
