import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../session.ts';
import { isFinal } from './stream.ts';

const shortestPauseMs = 1_000;

/**
 * Renews a listener's lease three times in its length. Rejects when the endpoint was deleted elsewhere; never resolves.
 */
export async function keepLease({ api, out }: Session, path: string): Promise<never> {
  for (let pauseMs = shortestPauseMs; ; ) {
    await sleep(pauseMs);
    try {
      const { lease_seconds } = await api.call<{ lease_seconds: number }>('POST', `${path}/lease`);
      pauseMs = (lease_seconds * 1_000) / 3;
    } catch (error) {
      if (isFinal(error)) throw error;
      out.note(`The lease could not be renewed: ${(error as Error).message}`);
      pauseMs = shortestPauseMs;
    }
  }
}
