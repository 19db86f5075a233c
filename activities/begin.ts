import type { Attempts, BeginOptions, Begun } from '../src/db/attempts.ts';
import { type AttemptParts, type AttemptReport, attemptDelivery, withConsequences } from './attempt.ts';
import type { InFlight } from './in-flight.ts';

export interface AttemptInput {
  deliveryId: string;
  endpointId: string;
  attempt: number;
  /** The workflow's time, epoch milliseconds. */
  now: number;
}

export interface BeginParts extends AttemptParts {
  attempts: Attempts;
  inFlight: InFlight;
  attemptTimeoutMs: number;
}

export interface Started {
  report: Promise<AttemptReport>;
  /** False: nothing was sent, and the report is what is recorded. */
  isSending: boolean;
  /** It waits for the endpoint's rate limit, so no attempt's end will call the next in line: call it in so many milliseconds. */
  callInMs?: number | undefined;
}

/** What an attempt may take beyond its timeout: recording its outcome (milliseconds). */
const recordingMs = 5_000;

/** The longest an attempt can last, milliseconds: after that another process may make it. */
export const leaseMs = ({ attemptTimeoutMs }: Pick<BeginParts, 'attemptTimeoutMs'>): number =>
  attemptTimeoutMs + recordingMs;

/** The place it takes is kept when it may be sent, until the attempt has taken its own. */
async function beginInTurn(
  { attempts, health }: BeginParts,
  input: AttemptInput,
  options: Omit<BeginOptions, 'unlisted'>,
): Promise<{ begun: Begun; release: () => void }> {
  const release = health.reserve(input.endpointId);
  let isKept = false;
  try {
    const begun = await attempts.begin(input, { ...options, unlisted: health.unlisted(input.endpointId) });
    isKept = begun.kind === 'send';
    return { begun, release };
  } finally {
    if (!isKept) release();
  }
}

/**
 * Begins an attempt, if it may be made now. Null: neither may it be sent, nor is there an outcome: ask again in a moment.
 * @param options.formerOwner a process that is known to be gone, see `BeginOptions`; null: none
 * @param options.wakeInMs see `BeginOptions`
 */
export async function begin(
  parts: BeginParts,
  input: AttemptInput,
  options: Pick<BeginOptions, 'formerOwner' | 'wakeInMs'>,
): Promise<Started | null> {
  const { deliveryId, endpointId, attempt, now } = input;
  const permittedAt = parts.pulse.now();
  const { begun, release } = await parts.turns.take(endpointId, () =>
    beginInTurn(parts, input, { ...options, now, owner: parts.inFlight.owner, leaseMs: leaseMs(parts) }),
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
      const { attemptsBefore, outcome, callInMs } = begun;
      return {
        report: withConsequences(parts, { ...input, attemptsBefore }, attempt, outcome),
        isSending: false,
        callInMs,
      };
    }
    case 'soon':
    case 'elsewhere':
      return null;
  }
}
