import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { ReceivedRequest } from './receiver.ts';

/** The verifier of the public documentation: the header is the HMAC of the raw body, keyed with the secret as shown. */
export const documentedSignature = (secret: string, rawBody: Buffer): string =>
  `sha256=${createHmac('sha256', secret).update(rawBody).digest('hex')}`;

/**
 * Throws unless the request is signed in both ways: as the public documentation verifies, and as Standard Webhooks do.
 */
export function verifySignatures(secret: string, { headers, rawBody }: ReceivedRequest): void {
  if (headers['x-spark360-signature'] !== documentedSignature(secret, rawBody))
    throw new Error('X-Spark360-Signature does not verify');
  new Webhook(secret).verify(rawBody.toString('utf8'), headers as Record<string, string>);
}
