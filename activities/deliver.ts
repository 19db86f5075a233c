import { setTimeout as wait } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Attempts, BeginOptions, Begun } from '../src/db/attempts.ts';
import type { Log } from '../src/telemetry/log.ts';
import type { Called, Wake, Wakes } from '../src/db/wakes.ts';
import { type AttemptParts, type AttemptReport, attemptDelivery, withConsequences } from './attempt.ts';
import type { Calls } from './calls.ts';
import { handOverAfterMs } from './first-attempts.ts';
import type { InFlight } from './in-flight.ts';

export interface AttemptInput {
  deliveryId: string;
  endpointId: string;
  attempt: number;
  /** The workflow's time, epoch milliseconds. */
  now: number;
}

export interface DeliverParts extends AttemptParts {
  attempts: Attempts;
  inFlight: InFlight;
  attemptTimeoutMs: number;
  calls: Calls;
  wakes: Pick<Wakes, 'callWaiting' | 'crowded'>;
  /** Signals a workflow that its lane may look again. */
  wake: (wake: Wake) => Promise<void>;
  log: Pick<Log, 'warn'>;
}

export interface DeliveryReport extends AttemptReport {
  /** This delivery goes first after its endpoint's resume: the endpoint's workflow waits for its outcome. */
  isProbe: boolean;
}

/** How often a waiting activity says that it lives (milliseconds); well inside its heartbeat timeout. */
const heartbeatMs = 2_000;
/** What an attempt may take beyond its timeout: recording its outcome (milliseconds). */
const recordingMs = 5_000;
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

/** The place it takes is kept when it may be sent, until the attempt has taken its own. */
async function beginInTurn(
  { attempts, health }: DeliverParts,
  { deliveryId, endpointId, attempt }: AttemptInput,
  options: Omit<BeginOptions, 'unlisted'>,
): Promise<{ begun: Begun; release: () => void }> {
  const release = health.reserve(endpointId);
  let isKept = false;
  try {
    const begun = await attempts.begin(deliveryId, attempt, { ...options, unlisted: health.unlisted(endpointId) });
    isKept = begun.kind === 'send';
    return { begun, release };
  } finally {
    if (!isKept) release();
  }
}

/** Null: neither may it be sent now, nor is there an outcome: ask again in a moment. */
async function begin(
  parts: DeliverParts,
  input: AttemptInput,
  formerOwner: string | null,
): Promise<{ report: Promise<AttemptReport>; isSending: boolean } | null> {
  const { deliveryId, endpointId, attempt, now } = input;
  const permittedAt = parts.pulse.now();
  const { begun, release } = await parts.turns.take(endpointId, () =>
    beginInTurn(parts, input, {
      now,
      owner: parts.inFlight.owner,
      leaseMs: parts.attemptTimeoutMs + recordingMs,
      formerOwner,
    }),
  );
  switch (begun.kind) {
    case 'send':
      try {
        const report = parts.inFlight.start(deliveryId, () =>
          attemptDelivery(parts, begun.delivery, attempt, now, permittedAt),
        );
        return { report, isSending: true };
      } finally {
        release();
      }
    case 'recorded': {
      if (begun.callInMs !== undefined) callLater(parts, endpointId, begun.callInMs);
      const { attemptsBefore, outcome } = begun;
      return { report: withConsequences(parts, { ...input, attemptsBefore }, attempt, outcome), isSending: false };
    }
    case 'soon':
    case 'elsewhere':
      return null;
  }
}

async function reportOf(parts: DeliverParts, input: AttemptInput): Promise<AttemptReport> {
  for (;;) {
    // The process that ran this activity before, by its heartbeat: gone, or done with it. Another one may be alive.
    const formerOwner = (Context.current().info.heartbeatDetails as string | undefined) ?? null;
    const begun = await begin(parts, input, formerOwner);
    if (begun !== null) return begun.report;
    if (parts.inFlight.isStopping) throw new Error('this process stops: another one is to wait');
    // Its outcome appears in the row, or its lease runs out; or first attempts end or are handed over.
    await Context.current().sleep(lookAgainMs);
  }
}

/** After a call that failed (milliseconds). */
const callAgainMs = 1_000;

async function call(parts: DeliverParts, endpointId: string): Promise<Called> {
  const pausedMs = parts.calls.pausedMs(endpointId);
  if (pausedMs > 0) return { wakes: [], againInMs: pausedMs, pauseMs: 0 };
  const called = await parts.wakes.callWaiting(endpointId, parts.health.answerMs(endpointId));
  parts.calls.pause(endpointId, called.pauseMs);
  return called;
}

/** Places may be free: those who wait for one are called. A signal that is lost with this process is made up for by the lane's own timer. */
async function callNext(parts: DeliverParts, endpointId: string): Promise<void> {
  try {
    const { wakes, againInMs } = await parts.turns.take(endpointId, () => call(parts, endpointId));
    if (againInMs !== null) callLater(parts, endpointId, againInMs);
    await Promise.all(wakes.map(parts.wake));
  } catch (error) {
    callLater(parts, endpointId, callAgainMs);
    parts.log.warn({ err: error, endpoint_id: endpointId }, 'could not call the next in line');
  }
}

const callLater = (parts: DeliverParts, endpointId: string, inMs: number): void =>
  parts.calls.in(endpointId, inMs, () => void callNext(parts, endpointId));

/** Calls that were due in a process that is gone were lost with it: one that starts makes up for them. */
export async function callEverywhere(parts: DeliverParts): Promise<void> {
  try {
    for (const endpointId of await parts.wakes.crowded()) await callNext(parts, endpointId);
  } catch (error) {
    parts.log.warn({ err: error }, 'could not look who waits for a place');
  }
}

/** What the workflow is told once an attempt has its outcome; whoever waited for its place is called. */
async function concluded(parts: DeliverParts, input: AttemptInput, report: AttemptReport): Promise<DeliveryReport> {
  const { kind } = report.outcome;
  if (kind !== 'held' && kind !== 'waiting') await callNext(parts, input.endpointId);
  return { ...report, isProbe: kind !== 'waiting' && (await parts.attempts.isProbe(input.deliveryId)) };
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
    const begun = await begin(parts, input, null);
    if (begun === null) return stillUnderWay;
    if (begun.isSending && !mayWait) return stillUnderWay;
    const patience = new AbortController();
    try {
      const report = await Promise.race([
        begun.report,
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
