import { setTimeout as wait } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { AttemptReport } from './attempt.ts';
import { type AttemptInput, begin, leaseMs, type Started } from './begin.ts';
import { type CallParts, callLater, callNext } from './call.ts';
import { handOverAfterMs } from './first-attempts.ts';

export type DeliverParts = CallParts;

export interface DeliveryReport extends AttemptReport {
  /** This delivery goes first after its endpoint's resume: the endpoint's workflow waits for its outcome. */
  isProbe: boolean;
}

/** How often a waiting activity says that it lives (milliseconds); well inside its heartbeat timeout. */
const heartbeatMs = 2_000;
/** A workflow task does not wait behind so many others for their turn at an endpoint: its lock may be held for long. */
const longestQueue = 16;
/** How often an attempt under way in another process is looked at (milliseconds): rare, and bounded by its lease. */
const lookAgainMs = 250;

/** Runs `work` while telling the server that this process lives, so that a killed one is noticed within seconds. */
export async function beating<Result>(owner: string, work: Promise<Result>): Promise<Result> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(owner), heartbeatMs);
  try {
    context.heartbeat(owner);
    return await work;
  } finally {
    clearInterval(timer);
  }
}

/** Begins what the lane asks for. */
async function beginFor(parts: DeliverParts, input: AttemptInput, formerOwner: string | null): Promise<Started | null> {
  const started = await begin(parts, input, { formerOwner, wakeInMs: null });
  if (started?.callInMs !== undefined) callLater(parts, input.endpointId, started.callInMs);
  return started;
}

async function reportOf(parts: DeliverParts, input: AttemptInput): Promise<AttemptReport> {
  for (;;) {
    // The process that ran this activity before, by its heartbeat: gone, or done with it. Another one may be alive.
    const formerOwner = (Context.current().info.heartbeatDetails as string | undefined) ?? null;
    const started = await beginFor(parts, input, formerOwner);
    if (started !== null) return started.report;
    if (parts.inFlight.isStopping) throw new Error('this process stops: another one is to wait');
    // Its outcome appears in the row, or its lease runs out; or first attempts end or are handed over.
    await Context.current().sleep(lookAgainMs);
  }
}

/** What the workflow is told once an attempt has its outcome; whoever waits for its place is called. */
async function concluded(parts: DeliverParts, input: AttemptInput, report: AttemptReport): Promise<DeliveryReport> {
  const { kind } = report.outcome;
  if (kind === 'waiting') {
    if (await parts.wakes.isPlaceFree(input.endpointId, leaseMs(parts))) await callNext(parts, input.endpointId);
    return { ...report, isProbe: false };
  }
  const { isProbe, isAwaited } = await parts.wakes.afterAttempt(input, leaseMs(parts));
  if (isAwaited && kind !== 'held') await callNext(parts, input.endpointId);
  return { ...report, isProbe };
}

const stillUnderWay: DeliveryReport = { outcome: { kind: 'in_flight' }, notices: [], isProbe: false };

export const deliverActivities = (parts: DeliverParts) => ({
  /**
   * One attempt inside the workflow task, for what is known at once: its turn is not now, it is recorded already, or the
   * endpoint answers fast. Else the outcome is `in_flight` after half a second at the most: what was begun goes on in this process,
   * and `attemptDelivery` waits for it.
   */
  async attemptAtOnce(input: AttemptInput): Promise<DeliveryReport> {
    if (parts.inFlight.get(input.deliveryId) !== undefined) return stillUnderWay;
    if (parts.turns.length(input.endpointId) >= longestQueue) return stillUnderWay;
    const mayWait = parts.health.mayGoFast(input.endpointId);
    const started = await beginFor(parts, input, null);
    if (started === null) return stillUnderWay;
    if (started.isSending && !mayWait) return stillUnderWay;
    const patience = new AbortController();
    try {
      const report = await Promise.race([
        started.report,
        wait(handOverAfterMs, null, { signal: patience.signal, ref: false }),
      ]);
      return report === null ? stillUnderWay : await concluded(parts, input, report);
    } finally {
      patience.abort();
    }
  },

  /**
   * Brings one attempt of a delivery to its outcome: waits for it where it is under way already, gives the recorded one
   * where it is done, else sends. It throws only for broken infrastructure, and is then repeated by Temporal's policy.
   */
  async attemptDelivery(input: AttemptInput): Promise<DeliveryReport> {
    const underWay = parts.inFlight.get(input.deliveryId);
    const report = await beating(parts.inFlight.owner, underWay ?? reportOf(parts, input));
    return concluded(parts, input, report);
  },
});

export type DeliverActivities = ReturnType<typeof deliverActivities>;
