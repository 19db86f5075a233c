import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { newSecret } from '../../src/webhooks/secrets.ts';
import { type SignedRequest, signedHeaders } from '../../src/webhooks/sign.ts';

const [oldSecret, newerSecret, strangeSecret] = [newSecret(), newSecret(), newSecret()];
const request: SignedRequest = {
  body: '{"event":"lead.enriched","data":{"contact":{"first_name":"Zoë 🏠"}}}',
  eventId: '3f0a4f3e-6c0c-4f0e-9f3b-0d9c5a3f6b11',
  event: 'lead.enriched',
  deliveryId: '9a6f0e5c-0f6d-4b43-8d0e-5b6a1f1c2d33',
  attempt: 2,
  attemptId: '5c1d2e3f-1111-4222-8333-444455556666',
  sequence: 3,
  secrets: { current: oldSecret, next: null },
  timestampSeconds: Math.floor(Date.now() / 1_000),
};
const overlapping = { ...request, secrets: { current: oldSecret, next: newerSecret } };

/**
 * The verifier of the public documentation, written from its text:
 * HMAC-SHA256 over the raw body, keyed with the secret as shown.
 */
function documentedVerifier(rawBody: Buffer, header: string | undefined, secret: string): boolean {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(rawBody).digest('hex')}`);
  const received = Buffer.from(header ?? '');
  return received.length === expected.length && timingSafeEqual(received, expected);
}
const raw = Buffer.from(request.body, 'utf8');

test('all headers of an attempt', () => {
  expect(signedHeaders(request)).toEqual({
    'content-type': 'application/json',
    accept: '*/*',
    'user-agent': expect.stringMatching(/^Spark360-Events\/\d/),
    'webhook-id': request.eventId,
    'webhook-timestamp': String(request.timestampSeconds),
    'webhook-signature': expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
    'X-Spark360-Signature': expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
    'X-Spark360-Event': 'lead.enriched',
    'X-Spark360-Delivery': request.deliveryId,
    'X-Spark360-Attempt': '2',
    'X-Spark360-Attempt-Id': request.attemptId,
    'X-Spark360-Sequence': '3',
  });
});

test('the user-agent names the version of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(signedHeaders(request)['user-agent']).toBe(`Spark360-Events/${version}`);
});

test('the verifier of the public documentation accepts the signature, and no other secret or body', () => {
  const header = signedHeaders(request)['X-Spark360-Signature'];
  expect(documentedVerifier(raw, header, oldSecret)).toBe(true);
  expect(documentedVerifier(raw, header, strangeSecret)).toBe(false);
  expect(documentedVerifier(Buffer.concat([raw, Buffer.from(' ')]), header, oldSecret)).toBe(false);
});

test.each([
  ['standardwebhooks', StandardWebhook],
  ['svix', SvixWebhook],
])('the library %s accepts the signature, and no other secret, body, id or time', (_, Webhook) => {
  const headers = signedHeaders(request);
  const verify = (secret: string, body: string, changed = {}) =>
    new Webhook(secret).verify(body, { ...headers, ...changed });
  expect(() => verify(oldSecret, request.body)).not.toThrow();
  expect(() => verify(strangeSecret, request.body)).toThrow();
  expect(() => verify(oldSecret, `${request.body} `)).toThrow();
  expect(() => verify(oldSecret, request.body, { 'webhook-id': request.deliveryId })).toThrow();
  const earlier = String(request.timestampSeconds - 1);
  expect(() => verify(oldSecret, request.body, { 'webhook-timestamp': earlier })).toThrow();
});

test.each([
  ['standardwebhooks', StandardWebhook],
  ['svix', SvixWebhook],
])('the library %s rejects a replay', (_, Webhook) => {
  const headers = signedHeaders({ ...request, timestampSeconds: request.timestampSeconds - 3_600 });
  expect(() => new Webhook(oldSecret).verify(request.body, headers)).toThrow(/old/);
});

test('during an overlap the first signature stays with the old secret and -Next carries the new one', () => {
  const headers = signedHeaders(overlapping);
  expect(headers['X-Spark360-Signature']).toBe(signedHeaders(request)['X-Spark360-Signature']);
  expect(documentedVerifier(raw, headers['X-Spark360-Signature'], oldSecret)).toBe(true);
  expect(documentedVerifier(raw, headers['X-Spark360-Signature'], newerSecret)).toBe(false);
  expect(documentedVerifier(raw, headers['X-Spark360-Signature-Next'], newerSecret)).toBe(true);
  expect(documentedVerifier(raw, headers['X-Spark360-Signature-Next'], oldSecret)).toBe(false);
});

test('during an overlap webhook-signature holds both, separated by a space, so either secret verifies', () => {
  const headers = signedHeaders(overlapping);
  expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
  for (const secret of [oldSecret, newerSecret]) {
    expect(() => new StandardWebhook(secret).verify(request.body, headers)).not.toThrow();
    expect(() => new SvixWebhook(secret).verify(request.body, headers)).not.toThrow();
  }
  expect(() => new StandardWebhook(strangeSecret).verify(request.body, headers)).toThrow();
});

test('after the overlap only the new secret signs', () => {
  const headers = signedHeaders({ ...request, secrets: { current: newerSecret, next: null } });
  expect(documentedVerifier(raw, headers['X-Spark360-Signature'], newerSecret)).toBe(true);
  expect(headers['X-Spark360-Signature-Next']).toBeUndefined();
  expect(() => new StandardWebhook(oldSecret).verify(request.body, headers)).toThrow();
});

test('a resend says so and keeps its sequence', () => {
  expect(signedHeaders({ ...request, resend: true })).toMatchObject({
    'X-Spark360-Resend': 'true',
    'X-Spark360-Sequence': '3',
  });
});

test('a test event says so and has no sequence', () => {
  const headers = signedHeaders({ ...request, test: true, sequence: null });
  expect(headers['X-Spark360-Test']).toBe('true');
  expect(headers).not.toHaveProperty('X-Spark360-Sequence');
});

test('an ordinary attempt says neither', () => {
  const names = Object.keys(signedHeaders({ ...request, resend: false, test: false }));
  expect(names.filter((name) => /resend|test|next/i.test(name))).toEqual([]);
});

test('a new secret is whsec_ and 32 random bytes in base64', () => {
  expect(oldSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(Buffer.from(oldSecret.slice(6), 'base64')).toHaveLength(32);
  expect(new Set(Array.from({ length: 1_000 }, newSecret)).size).toBe(1_000);
});
