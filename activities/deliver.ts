import { Context } from '@temporalio/activity';
import type { Attempts } from '../src/db/attempts.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import { type AttemptParts, attemptDelivery } from './attempt.ts';
import type { InFlight } from './in-flight.ts';

export interface AttemptInput {
  deliveryId: string;
  attempt: number;
  /** The workflow's time, epoch milliseconds. */
  now: number;
}

export interface DeliverParts extends AttemptParts {
  attempts: Attempts;
  inFlight: InFlight;
  attemptTimeoutMs: number;
}

/** How often a waiting activity says that it lives (milliseconds); well inside its heartbeat timeout. */
const heartbeatMs = 2_000;
/** What an attempt may take beyond its timeout: recording its outcome (milliseconds). */
const recordingMs = 5_000;
/** How often an attempt under way in another process is looked at (milliseconds): rare, and bounded by its lease. */
const lookAgainMs = 250;

/** Runs `work` while telling the server that this process lives, so that a killed one is noticed within seconds. */
async function beating<Result>(work: Promise<Result>): Promise<Result> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), heartbeatMs);
  try {
    context.heartbeat();
    return await work;
  } finally {
    clearInterval(timer);
  }
}

/** @param takeOver the process that had this attempt is known to be gone: its lease need not run out */
async function outcomeOf(parts: DeliverParts, input: AttemptInput, takeOver: boolean): Promise<Outcome> {
  const { deliveryId, attempt, now } = input;
  const leaseMs = parts.attemptTimeoutMs + recordingMs;
  for (;;) {
    const begun = await parts.attempts.begin(deliveryId, attempt, {
      now,
      owner: parts.inFlight.owner,
      leaseMs,
      takeOver,
    });
    switch (begun.kind) {
      case 'send':
        return parts.inFlight.start(deliveryId, () => attemptDelivery(parts, begun.delivery, attempt, now));
      case 'recorded':
        return begun.outcome;
      case 'elsewhere':
        // Its outcome appears in the row, or its lease runs out.
        await Context.current().sleep(lookAgainMs);
        break;
      case 'again':
        break;
    }
  }
}

export const deliverActivities = (parts: DeliverParts) => ({
  /**
   * Brings one attempt of a delivery to its outcome: waits for it where it is under way already, gives the recorded one
   * where it is done, else sends. It throws only for broken infrastructure, and is then repeated by Temporal's policy.
   */
  async attemptDelivery(input: AttemptInput): Promise<Outcome> {
    const underWay = parts.inFlight.get(input.deliveryId);
    return beating(underWay ?? outcomeOf(parts, input, Context.current().info.attempt > 1));
  },
});

export type DeliverActivities = ReturnType<typeof deliverActivities>;
