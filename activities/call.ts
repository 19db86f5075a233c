import { AsyncResource } from 'node:async_hooks';
import type { Called, Sleeper, Wakes } from '../src/db/wakes.ts';
import type { Wake } from '../src/domain/wake.ts';
import type { Log } from '../src/telemetry/log.ts';
import { persistently, recordingPatienceMs } from './attempt.ts';
import { type BeginParts, begin, leaseMs } from './begin.ts';
import type { Calls } from './calls.ts';

export interface CallParts extends BeginParts {
  calls: Calls;
  wakes: Pick<Wakes, 'afterAttempt' | 'callWaiting' | 'crowded' | 'isPlaceFree' | 'needsNoWake' | 'woken'>;
  /** Signals a workflow that its lane may look again. */
  wake: (wake: Wake) => Promise<void>;
  log: Pick<Log, 'warn'>;
}

/** After a call that failed (milliseconds). */
const callAgainMs = 1_000;
/** What is sent for somebody else's lane is no part of the activity that happened to call it: neither of its trace. */
const nobodys = new AsyncResource('called');

async function call(parts: CallParts, endpointId: string): Promise<Called & { isSlow: boolean }> {
  const isSlow = parts.health.answerMs(endpointId) !== null;
  return { ...(await parts.wakes.callWaiting(endpointId, leaseMs(parts))), isSlow };
}

/** Its workflow is told until it knows, and then nobody owes it that any more. */
async function wakeOwed(parts: CallParts, sleeper: Sleeper): Promise<void> {
  await persistently(() => parts.wake(sleeper));
  await persistently(() => parts.wakes.woken(sleeper));
}

/**
 * Makes the next attempt of a delivery while its lane sleeps, and wakes the lane when there is an outcome that it has to act on. A slow
 * partner's attempt costs its workflow one task then, or none, instead of two and an activity: other partners' events wait less behind it.
 * The clock is this process's: due times are a workflow's, but where time is skipped nobody stands in line.
 */
async function sendFor(parts: CallParts, sleeper: Sleeper): Promise<void> {
  const { deliveryId, endpointId, attempt } = sleeper;
  // A process that is away from Postgres goes on trying to record what it has for so long: no wake before that.
  const wakeInMs = leaseMs(parts) + recordingPatienceMs;
  const input = { deliveryId, endpointId, attempt, now: Date.now() };
  const started = await begin(parts, input, { formerOwner: null, wakeInMs });
  // A place that is about to be free: the lane waits for it by itself.
  if (started === null) return parts.wake(sleeper);
  if (started.callInMs !== undefined) callLater(parts, endpointId, started.callInMs);
  if (!started.isSending) {
    const { outcome } = await started.report;
    return outcome.kind === 'waiting' ? undefined : parts.wake(sleeper);
  }
  try {
    await started.report;
  } finally {
    await callNext(parts, endpointId);
    if (!(await persistently(() => parts.wakes.needsNoWake(sleeper)))) {
      await wakeOwed(parts, sleeper);
    }
  }
}

/** Beside what is going on: nobody waits for it, and what fails is called again. */
function aside(parts: CallParts, endpointId: string, work: () => Promise<void>): void {
  const done = nobodys.runInAsyncScope(work).catch((error: unknown) => {
    parts.log.warn({ err: error, endpoint_id: endpointId }, 'could not send or wake the next in line');
    callLater(parts, endpointId, callAgainMs);
  });
  parts.inFlight.follow(done);
}

/** Places may be free: those who wait for one are called. A call that is lost with this process is made up for by the lane's own timer. */
export async function callNext(parts: CallParts, endpointId: string): Promise<void> {
  try {
    const { next, overdue, againInMs, isSlow } = await parts.turns.take(endpointId, () => call(parts, endpointId));
    if (againInMs !== null) callLater(parts, endpointId, againInMs);
    for (const sleeper of overdue) aside(parts, endpointId, () => wakeOwed(parts, sleeper));
    if (!isSlow || parts.inFlight.isStopping) await Promise.all(next.map(parts.wake));
    else for (const sleeper of next) aside(parts, endpointId, () => sendFor(parts, sleeper));
  } catch (error) {
    callLater(parts, endpointId, callAgainMs);
    parts.log.warn({ err: error, endpoint_id: endpointId }, 'could not call the next in line');
  }
}

export const callLater = (parts: CallParts, endpointId: string, inMs: number): void =>
  parts.calls.in(endpointId, inMs, () => void callNext(parts, endpointId));

/** Calls that were due in a process that is gone were lost with it: one that starts makes up for them. */
export async function callEverywhere(parts: CallParts): Promise<void> {
  try {
    for (const endpointId of await parts.wakes.crowded()) await callNext(parts, endpointId);
  } catch (error) {
    parts.log.warn({ err: error }, 'could not look who waits for a place');
  }
}
