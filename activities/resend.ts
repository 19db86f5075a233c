import { randomUUID } from 'node:crypto';
import type { ManualDelivery } from '../src/db/manual-delivery.ts';
import { classify } from '../src/domain/delivery-policy.ts';
import { signedHeaders } from '../src/webhooks/sign.ts';
import { signingSecrets } from '../src/webhooks/signing-secrets.ts';
import { type AttemptParts, type ObservedAttempt, persistently } from './attempt.ts';
import { beating } from './deliver.ts';
import type { InFlight } from './in-flight.ts';

/** An attempt asked for by hand. A failed one's outcome says what it would have been abandoned for: it changes nothing. */
export interface ObservedResend extends ObservedAttempt {
  resend: true;
}

export interface ResendParts extends Pick<AttemptParts, 'keyRing' | 'send' | 'retryScheduleMs'> {
  manualDelivery: ManualDelivery;
  /** Called once per attempt, after it is recorded. */
  observeResend: (attempt: ObservedResend) => void;
  inFlight: Pick<InFlight, 'owner'>;
}

export const resendActivities = (parts: ResendParts) => {
  const { manualDelivery, keyRing, send, inFlight, retryScheduleMs: scheduleMs } = parts;
  return {
    /** Sends a settled delivery's bytes once more: old sequence, next attempt number, outside the order (spec sections 3 and 5). */
    async resendDelivery({ deliveryId, number }: { deliveryId: string; number: number }): Promise<void> {
      const delivery = await manualDelivery.beginResend(deliveryId, number);
      if (delivery === null) return;
      const startedAt = new Date();
      const beganAt = performance.now();
      const attemptId = randomUUID();
      const secrets = signingSecrets(keyRing, delivery, startedAt.getTime());
      const headers = signedHeaders({
        body: delivery.body,
        eventId: delivery.eventId,
        event: delivery.event,
        deliveryId,
        attempt: number,
        attemptId,
        sequence: delivery.sequence,
        secrets,
        timestampSeconds: Math.floor(startedAt.getTime() / 1000),
        resend: true,
      });
      const result = await beating(inFlight.owner, send({ url: delivery.url, headers, body: delivery.body }));
      const outcome = classify(result, {
        attempt: 1,
        scheduleMs,
        now: startedAt.getTime() + result.durationMs,
        random: Math.random,
        resend: true,
        overlap: secrets.next !== null,
      });
      await beating(
        inFlight.owner,
        persistently(() =>
          manualDelivery.recordResend(delivery, {
            id: attemptId,
            number,
            ageMs: performance.now() - beganAt,
            result,
            delivered: outcome.kind === 'delivered',
          }),
        ),
      );
      parts.observeResend({ delivery, number, attemptId, startedAt, result, outcome, resend: true });
    },
  };
};

export type ResendActivities = ReturnType<typeof resendActivities>;
