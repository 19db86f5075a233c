import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';

/**
 * Calls `read` every `everyMs` until it gives what `isDone` accepts.
 * @returns that; null when `withinMs` passed first
 */
export async function poll<Value>(
  read: () => Promise<Value>,
  isDone: (value: Value) => boolean,
  { everyMs, withinMs }: { everyMs: number; withinMs: number },
): Promise<Value | null> {
  const giveUpAt = Date.now() + withinMs;
  for (;;) {
    const value = await read();
    if (isDone(value)) return value;
    if (Date.now() >= giveUpAt) return null;
    await sleep(everyMs);
  }
}

/** A deployment of the service takes less. */
const away = { everyMs: 2_000, withinMs: 120_000 };

/**
 * Calls `read` again while the service is away, so that what is only watched does not end with it.
 * @param tell hears of it once
 */
export async function whileAway<Value>(
  tell: (text: string) => void,
  read: () => Promise<Value>,
  { everyMs, withinMs } = away,
): Promise<Value> {
  const giveUpAt = Date.now() + withinMs;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await read();
    } catch (error) {
      const isAway = error instanceof CliError && error.exitCode === exitCodes.unreachable;
      if (!isAway || Date.now() >= giveUpAt) throw error;
      if (isFirst) tell(`${error.message} Tried again for ${withinMs / 1_000} s.`);
      await sleep(everyMs);
    }
  }
}
