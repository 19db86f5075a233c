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

/** Runs `work` while telling the server that this process lives, so that a killed one is noticed within seconds. */
async function beating<Result>(work: Promise<Result>): Promise<Result> {
  const { heartbeat } = Context.current();
  const timer = setInterval(() => Context.current().heartbeat(), heartbeatMs);
  try {
    heartbeat.call(Context.current());
    return await work;
  } finally {
    clearInterval(timer);
  }
}

export const deliverActivities = (parts: DeliverParts) => {
  async function attempt({ deliveryId, attempt: number, now }: AttemptInput, takeOver: boolean): Promise<Outcome> {
    const leaseMs = parts.attemptTimeoutMs + recordingMs;
    for (;;) {
      const begun = await parts.attempts.begin(deliveryId, number, {
        now,
        owner: parts.inFlight.owner,
        leaseMs,
        takeOver,
      });
      switch (begun.kind) {
        case 'send':
          return parts.inFlight.start(deliveryId, () => attemptDelivery(parts, begun.delivery, number, now));
        case 'recorded':
          return begun.outcome;
        case 'elsewhere':
          // Under way in another process that may be alive: its outcome appears in the row, or its lease runs out.
          await Context.current().sleep(250);
          break;
        case 'again':
          break;
      }
    }
  }

  return {
    /**
     * Brings one attempt of a delivery to its outcome: waits for it where it is under way already, gives the recorded one
     * where it is done, else sends. It throws only for broken infrastructure, and is then repeated by Temporal's policy.
     */
    async attemptDelivery(input: AttemptInput): Promise<Outcome> {
      const underWay = parts.inFlight.get(input.deliveryId);
      // A second execution means that the process that had the first one is gone: no need to wait for its lease.
      return beating(underWay ?? attempt(input, Context.current().info.attempt > 1));
    },
  };
};

export type DeliverActivities = ReturnType<typeof deliverActivities>;
