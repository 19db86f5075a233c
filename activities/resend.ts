import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { ManualDelivery } from '../src/db/manual-delivery.ts';
import type { DeliveryParts, ObservedAttempt } from '../src/delivery/parts.ts';
import { retryUntilRecorded } from '../src/delivery/retry-until-recorded.ts';
import { classify } from '../src/domain/delivery-policy.ts';
import { signedHeaders } from '../src/webhooks/sign.ts';
import { signingSecrets } from '../src/webhooks/signing-secrets.ts';

/** An attempt asked for by hand. A failed one's outcome says what it would have been abandoned for: it changes nothing. */
export interface ObservedResend extends ObservedAttempt {
  resend: true;
}

export interface ResendParts {
  delivery: Pick<DeliveryParts, 'keyRing' | 'send' | 'retryScheduleMs'>;
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

export const resendActivities = ({ delivery: parts, manualDelivery, observeResend }: ResendParts) => {
  async function resend(deliveryId: string, number: number): Promise<void> {
    const delivery = await manualDelivery.beginResend(deliveryId, number);
    if (delivery === null) return;
    const startedAt = new Date();
    const beganAt = performance.now();
    const attemptId = randomUUID();
    const secrets = signingSecrets(parts.keyRing, delivery, startedAt.getTime());
    const timestampSeconds = Math.floor(startedAt.getTime() / 1000);
    const headers = signedHeaders({ ...delivery, attempt: number, attemptId, secrets, timestampSeconds, resend: true });
    const { endpointId, url, body } = delivery;
    const result = await parts.send({ endpointId, url, headers, body });
    const outcome = classify(result, {
      attempt: 1,
      scheduleMs: parts.retryScheduleMs,
      now: startedAt.getTime() + result.durationMs,
      random: Math.random,
      resend: true,
      overlap: secrets.next !== null,
    });
    await retryUntilRecorded(() =>
      manualDelivery.recordResend(delivery, {
        id: attemptId,
        number,
        ageMs: performance.now() - beganAt,
        result,
        delivered: outcome.kind === 'delivered',
      }),
    );
    observeResend({ delivery, number, attemptId, startedAt, result, outcome, resend: true });
  }

  return {
    /** Sends a settled delivery's bytes once more: old sequence, next attempt number, outside the order (spec sections 3 and 5). */
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
