import { randomUUID } from 'node:crypto';
import type { ManualDelivery } from '../src/db/manual-delivery.ts';
import { signedHeaders } from '../src/webhooks/sign.ts';
import { signingSecrets } from '../src/webhooks/signing-secrets.ts';
import { type AttemptParts, persistently } from './attempt.ts';
import { beating } from './deliver.ts';
import type { InFlight } from './in-flight.ts';

export interface ResendParts extends Pick<AttemptParts, 'keyRing' | 'send'> {
  manualDelivery: ManualDelivery;
  inFlight: Pick<InFlight, 'owner'>;
}

export const resendActivities = ({ manualDelivery, keyRing, send, inFlight }: ResendParts) => ({
  /** Sends a settled delivery's bytes once more: old sequence, next attempt number, outside the order (spec sections 3 and 5). */
  async resendDelivery({ deliveryId, number }: { deliveryId: string; number: number }): Promise<void> {
    const delivery = await manualDelivery.resendable(deliveryId, number);
    if (delivery === null) return;
    const startedAt = new Date();
    const id = randomUUID();
    const headers = signedHeaders({
      body: delivery.body,
      eventId: delivery.eventId,
      event: delivery.event,
      deliveryId,
      attempt: number,
      attemptId: id,
      sequence: delivery.sequence,
      secrets: signingSecrets(keyRing, delivery, startedAt.getTime()),
      timestampSeconds: Math.floor(startedAt.getTime() / 1000),
      resend: true,
    });
    const result = await beating(inFlight.owner, send({ url: delivery.url, headers, body: delivery.body }));
    const delivered = result.statusCode !== null && result.statusCode >= 200 && result.statusCode <= 299;
    await beating(
      inFlight.owner,
      persistently(() => manualDelivery.recordResend(delivery, { id, number, startedAt, result, delivered })),
    );
  },
});

export type ResendActivities = ReturnType<typeof resendActivities>;
