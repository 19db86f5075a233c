import { setTimeout as sleep } from 'node:timers/promises';

/** Thrown by an assertion that waiting cannot make true. */
export class Hopeless extends Error {
  override readonly name = 'Hopeless';
}

/** Repeats `assertion` until it no longer throws; after `timeoutMs` its last error is thrown. Gives what it gave. */
export async function eventually<Result>(
  assertion: () => Result | Promise<Result>,
  timeoutMs = 45_000,
): Promise<Result> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() >= deadline || error instanceof Hopeless) throw error;
      await sleep(25);
    }
  }
}
