import type { Client } from '@temporalio/client';

/** A call is refused rather than retried when its caller has given up (milliseconds). */
const callDeadlineMs = 5_000;

/** Runs `work` with a deadline for the calls that it makes to Temporal. */
export const inTime = <Result>({ connection }: Client, work: () => Promise<Result>): Promise<Result> =>
  connection.withDeadline(Date.now() + callDeadlineMs, work);
