import { createHmac } from 'node:crypto';
import { secretPrefix } from './secrets.ts';

/** Names service and version; a test keeps the version equal to the package's. */
const userAgent = 'Spark360-Events/0.1.0';

export interface SignedRequest {
  /** The frozen body, exactly as it will be sent. */
  body: string;
  eventId: string;
  event: string;
  deliveryId: string;
  /** 1, 2, … */
  attempt: number;
  attemptId: string;
  /** Null for a test event, which has no place in an order. */
  sequence: number | null;
  /** `next` is the new secret while a rotation's overlap lasts, else null. */
  secrets: { current: string; next: string | null };
  /** Seconds since the epoch, of this attempt: verifiers reject what is too old. */
  timestampSeconds: number;
  resend?: boolean;
  test?: boolean;
}

/**
 * All headers of one attempt (spec section 3). During an overlap `X-Spark360-Signature` stays with the current secret
 * and `X-Spark360-Signature-Next` carries the next one's, while `webhook-signature` lists both: a verifier may move at
 * any moment.
 */
export function signedHeaders(request: SignedRequest): Record<string, string> {
  const { body, eventId, secrets, sequence } = request;
  const timestamp = String(request.timestampSeconds);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    // What is not said is refused by firewalls with the common rules (OWASP CRS 920300).
    accept: '*/*',
    'user-agent': userAgent,
    'webhook-id': eventId,
    'webhook-timestamp': timestamp,
    'webhook-signature': standardSignature(secrets.current, eventId, timestamp, body),
    'X-Spark360-Signature': bodySignature(secrets.current, body),
    'X-Spark360-Event': request.event,
    'X-Spark360-Delivery': request.deliveryId,
    'X-Spark360-Attempt': String(request.attempt),
    'X-Spark360-Attempt-Id': request.attemptId,
  };
  if (secrets.next !== null) {
    headers['webhook-signature'] += ` ${standardSignature(secrets.next, eventId, timestamp, body)}`;
    headers['X-Spark360-Signature-Next'] = bodySignature(secrets.next, body);
  }
  if (sequence !== null) headers['X-Spark360-Sequence'] = String(sequence);
  if (request.resend === true) headers['X-Spark360-Resend'] = 'true';
  if (request.test === true) headers['X-Spark360-Test'] = 'true';
  return headers;
}

/** As the public documentation's verifier: keyed with the secret string as shown, `whsec_` included. */
const bodySignature = (secret: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

/**
 * Standard Webhooks: keyed with the bytes behind `whsec_`, over id, timestamp and body, so that a
 * replay is recognised.
 */
function standardSignature(secret: string, id: string, timestamp: string, body: string): string {
  const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}
