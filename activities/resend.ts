import { Context } from '@temporalio/activity';
import type { ManualDelivery } from '../src/db/manual-delivery.ts';
import { type AttemptDeps, type ObservedAttempt, send } from '../src/delivery/attempt.ts';
import { retryUntilRecorded } from '../src/delivery/outcomes.ts';
import { classify } from '../src/domain/delivery-policy.ts';

/**
 * An attempt asked for by hand. A failed one's outcome says what it would have been abandoned for: it changes nothing.
 */
export interface ObservedResend extends ObservedAttempt {
  resend: true;
}

export interface ResendDeps {
  delivery: Pick<AttemptDeps, 'keyRing' | 'send' | 'retryScheduleMs'>;
  manualDelivery: ManualDelivery;
  /** Called once per attempt, after it is recorded. */
  observeResend: (attempt: ObservedResend) => void;
}

/** How often a waiting activity says that it lives (milliseconds); well inside its heartbeat timeout. */
const heartbeatMs = 2_000;

/** Runs `work` while telling the server that this process lives, so that a killed one is noticed within seconds. */
async function withHeartbeat<Result>(work: () => Promise<Result>): Promise<Result> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

export const resendActivities = ({ delivery: deps, manualDelivery, observeResend }: ResendDeps) => {
  async function resend(deliveryId: string, number: number): Promise<void> {
    const delivery = await manualDelivery.beginResend(deliveryId, number);
    if (delivery === null) return;
    const { attemptId, startedAt, ageMs, result, overlap } = await send(deps, {
      ...delivery,
      attempt: number,
      recovering: true,
    });
    const outcome = classify(result, {
      attempt: 1,
      scheduleMs: deps.retryScheduleMs,
      now: startedAt.getTime() + result.durationMs,
      random: Math.random,
      resend: true,
      overlap,
    });
    await retryUntilRecorded(() =>
      manualDelivery.recordResend(delivery, {
        id: attemptId,
        number,
        ageMs: ageMs(),
        result,
        delivered: outcome.kind === 'delivered',
      }),
    );
    observeResend({ delivery, number, attemptId, startedAt, result, outcome, resend: true });
  }

  return {
    /**
     * Sends a settled delivery's bytes once more: old sequence, next number, outside the order (spec sections 3 and 5).
     */
    resendDelivery: ({
      deliveryId,
      number,
    }: {
      deliveryId: string;
      number: number;
      traceparent?: string;
    }): Promise<void> => withHeartbeat(() => resend(deliveryId, number)),
  };
};

export type ResendActivities = ReturnType<typeof resendActivities>;
