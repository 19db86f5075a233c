import { randomUUID } from 'node:crypto';
import type { SendRequest } from './send.ts';
import { signedHeaders } from './sign.ts';

interface TestEvent {
  url: string;
  /** A sample event's bytes. */
  body: string;
  event: string;
  eventId: string;
  deliveryId: string;
  secrets: { current: string; next: string | null };
  /** Epoch milliseconds. */
  now: number;
}

/** A test event as it goes out, signed like a real one; it has no place in any order (spec section 3). */
export function testRequest({ url, body, event, eventId, deliveryId, secrets, now }: TestEvent): {
  request: SendRequest;
  /** The `X-Spark360-Signature` it carries. */
  signature: string;
} {
  const headers = signedHeaders({
    body,
    eventId,
    event,
    deliveryId,
    attempt: 1,
    attemptId: randomUUID(),
    sequence: null,
    secrets,
    timestampSeconds: Math.floor(now / 1_000),
    test: true,
  });
  return { request: { url, headers, body }, signature: headers['X-Spark360-Signature'] ?? '' };
}
