import { randomInt } from 'node:crypto';
import { isFree } from '../../dev/embedded/ports.ts';

/**
 * A free port of loopback below those that systems give out by themselves (32768 and up on Linux): in the minutes that
 * an installation takes before it is listened to, no connection and no other test comes by it.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
}
