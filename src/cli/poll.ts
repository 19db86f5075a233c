import { setTimeout as sleep } from 'node:timers/promises';

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
