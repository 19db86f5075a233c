import { setTimeout as wait } from 'node:timers/promises';

/** How long an answer that we have is kept in memory while Postgres or Temporal is away (milliseconds). */
export const recordingPatienceMs = 60_000;

/** What a partner answered is worth waiting for: giving up means sending again. */
export async function retryUntilRecorded<Result>(record: () => Promise<Result>): Promise<Result> {
  const giveUpAt = performance.now() + recordingPatienceMs;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      return await record();
    } catch (error) {
      if (performance.now() + pauseMs > giveUpAt) throw error;
      await wait(pauseMs);
    }
  }
}
