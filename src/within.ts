import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for `work` at most `ms`, then gives, or throws, what `late` does.
 * The work itself goes on: its outcome is unknown.
 */
export async function within<Result, Late>(
  ms: number,
  work: Promise<Result>,
  late: () => Late,
): Promise<Result | Late> {
  const over = new AbortController();
  try {
    return await Promise.race([work, sleep(ms, undefined, { signal: over.signal }).then(late)]);
  } finally {
    over.abort();
  }
}
