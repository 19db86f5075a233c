import { Context } from '@temporalio/activity';
import type { Attempts, BeginOptions, Begun } from '../src/db/attempts.ts';
import type { Log } from '../src/telemetry/log.ts';
import type { Wake, Wakes } from '../src/db/wakes.ts';
import { type AttemptParts, type AttemptReport, attemptDelivery, withConsequences } from './attempt.ts';
import type { InFlight } from './in-flight.ts';
import type { Turns } from './turns.ts';

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
  turns: Turns;
  wakes: Pick<Wakes, 'nextWaiting'>;
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

async function reportOf(parts: DeliverParts, input: AttemptInput): Promise<AttemptReport> {
  const { deliveryId, attempt, now } = input;
  const options = {
    now,
    owner: parts.inFlight.owner,
    leaseMs: parts.attemptTimeoutMs + recordingMs,
    // The process that ran this activity before, by its heartbeat: gone, or done with it. Another one may be alive.
    formerOwner: (Context.current().info.heartbeatDetails as string | undefined) ?? null,
  };
  for (;;) {
    const permittedAt = parts.pulse.now();
    const { begun, release } = await parts.turns.take(input.endpointId, () => beginInTurn(parts, input, options));
    switch (begun.kind) {
      case 'send':
        try {
          return parts.inFlight.start(deliveryId, () =>
            attemptDelivery(parts, begun.delivery, attempt, now, permittedAt),
          );
        } finally {
          release();
        }
      case 'recorded':
        return withConsequences(parts, { ...input, attemptsBefore: begun.attemptsBefore }, attempt, begun.outcome);
      case 'soon':
      case 'elsewhere':
        if (parts.inFlight.isStopping) throw new Error('this process stops: another one is to wait');
        // Its outcome appears in the row, or its lease runs out; or first attempts end or are handed over.
        await Context.current().sleep(lookAgainMs);
        break;
    }
  }
}

/** An attempt has ended: whoever waited for its place is told. A signal that is lost is made up for by the lane's own timer. */
async function wakeNext({ turns, wakes, wake, log }: DeliverParts, endpointId: string): Promise<void> {
  try {
    const next = await turns.take(endpointId, () => wakes.nextWaiting(endpointId));
    await Promise.all(next.map(wake));
  } catch (error) {
    log.warn({ err: error, endpoint_id: endpointId }, 'could not wake the next in line');
  }
}

export const deliverActivities = (parts: DeliverParts) => ({
  /**
   * Brings one attempt of a delivery to its outcome: waits for it where it is under way already, gives the recorded one
   * where it is done, else sends. It throws only for broken infrastructure, and is then repeated by Temporal's policy.
   */
  async attemptDelivery(input: AttemptInput): Promise<DeliveryReport> {
    const underWay = parts.inFlight.get(input.deliveryId);
    const report = await beating(parts.inFlight.owner, underWay ?? reportOf(parts, input));
    const { kind } = report.outcome;
    if (kind !== 'held' && kind !== 'waiting') await wakeNext(parts, input.endpointId);
    return { ...report, isProbe: kind !== 'waiting' && (await parts.attempts.isProbe(input.deliveryId)) };
  },
});

export type DeliverActivities = ReturnType<typeof deliverActivities>;
