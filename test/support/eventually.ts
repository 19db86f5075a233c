import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats `assertion` until it no longer throws; after `timeoutMs` its last error is thrown. Gives what it gave. */
export async function eventually<Result>(
  assertion: () => Result | Promise<Result>,
  timeoutMs = 20_000,
): Promise<Result> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
      await sleep(25);
    }
  }
}
