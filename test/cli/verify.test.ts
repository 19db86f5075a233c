import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newSecret } from '../../src/webhooks/secrets.ts';
import { signedHeaders } from '../../src/webhooks/sign.ts';
import { Person } from './spark360.ts';

let person: Person;
const secret = newSecret();
const eventId = '0b5c6f0e-2f54-4a5e-9a3c-7d1c0b8f1c11';
const body = JSON.stringify({ event: 'lead.enriched', event_id: eventId, data: { score: 1.5 } });

beforeAll(() => {
  person = new Person({ CRM_SECRET: secret });
});
afterAll(() => person.forget());

interface Sent {
  secrets?: { current: string; next: string | null };
  timestampSeconds?: number;
}

const headersOf = ({ secrets = { current: secret, next: null }, timestampSeconds }: Sent = {}) =>
  signedHeaders({
    body,
    eventId,
    event: 'lead.enriched',
    deliveryId: '5f7a7c70-9a4f-4d0e-8a55-0d4c8a4f4b11',
    attempt: 1,
    attemptId: '5f7a7c70-9a4f-4d0e-8a55-0d4c8a4f4b12',
    sequence: 1,
    secrets,
    timestampSeconds: timestampSeconds ?? Math.floor(Date.now() / 1_000),
  });

/** The request as a receiver saved it. */
function saved(headers: Record<string, string>, { sent = body, end = '\r\n' } = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return ['POST /webhooks HTTP/1.1', 'Host: crm.example', ...lines, '', sent].join(end);
}

const verify = (input: string, ...args: string[]) =>
  person.run(['verify', '--secret-env', 'CRM_SECRET', '--json', ...args], { input });

test.each(['\r\n', '\n'])('a request of ours holds, with line ends %j', async (end) => {
  expect(await verify(saved(headersOf(), { end }))).toMatchObject({ code: 0, json: { ok: true } });
});

test('during a rotation either secret verifies', async () => {
  const other = newSecret();
  for (const secrets of [
    { current: secret, next: other },
    { current: other, next: secret },
  ]) {
    expect(await verify(saved(headersOf({ secrets })))).toMatchObject({ code: 0, json: { ok: true } });
  }
});

const without = (name: string): Record<string, string> => {
  const { [name]: _, ...rest } = headersOf();
  return rest;
};
const newId = '11111111-2f54-4a5e-9a3c-7d1c0b8f1c11';
const now = Math.floor(Date.now() / 1_000);

test.each([
  ['another secret', saved(headersOf({ secrets: { current: newSecret(), next: null } })), [2, 3], 'Another secret'],
  [
    'JSON written again',
    saved(headersOf(), { sent: JSON.stringify(JSON.parse(body), null, 2) }),
    [2, 3],
    'as other JSON',
  ],
  ['a line end more', saved(headersOf(), { sent: `${body}\n` }), [2, 3], 'a line end more'],
  ['another body', saved(headersOf(), { sent: body.replace('1.5', '2.5') }), [2, 3], 'changed after it was signed'],
  ['an old request', saved(headersOf({ timestampSeconds: now - 3_600 })), [1], 'saved a while ago'],
  ['a clock that is behind', saved(headersOf({ timestampSeconds: now + 3_600 })), [1], 'This clock is behind'],
  ['no Standard Webhooks signature', saved(without('webhook-signature')), [3], 'dropped the header'],
  ['no X-Spark360-Signature', saved(without('X-Spark360-Signature')), [2], 'dropped the header'],
  ['headers of another request', saved({ ...headersOf(), 'webhook-id': newId }), [3], 'two requests'],
  ['another timestamp', saved({ ...headersOf(), 'webhook-timestamp': String(now - 10) }), [3], 'not what was signed'],
])('%s: says which check fails, and the usual cause', async (_, input, failing, cause) => {
  const { code, json } = await verify(input);
  expect(code).toBe(1);
  const failed = json.checks.flatMap(({ ok }: { ok: boolean }, index: number) => (ok ? [] : [index]));
  expect(failed).toEqual(failing);
  expect(json.checks[failing[0] ?? 0].cause).toContain(cause);
});

test('a signature made with the wrong form of the secret is recognised', async () => {
  const { createHmac } = await import('node:crypto');
  const headers = headersOf();
  const { 'webhook-id': id, 'webhook-timestamp': at } = headers;
  const wrong = createHmac('sha256', secret).update(`${id}.${at}.`).update(body).digest('base64');
  const decoded = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const { json } = await verify(
    saved({
      ...headers,
      'webhook-signature': `v1,${wrong}`,
      'X-Spark360-Signature': `sha256=${createHmac('sha256', decoded).update(body).digest('hex')}`,
    }),
  );
  expect(json.checks[3].cause).toContain('the whole secret string as the key');
  expect(json.checks[2].cause).toContain('the decoded part only as the key');
});

test('--at gives the time at which it was received', async () => {
  const input = saved(headersOf({ timestampSeconds: Date.parse('2026-01-31T12:00:00Z') / 1_000 }));
  expect((await verify(input, '--at', '2026-01-31T12:04:59Z')).code).toBe(0);
  expect((await verify(input, '--at', '2026-01-31T12:05:02Z')).code).toBe(1);
});

test('a secret that was not copied whole fails first', async () => {
  const { code, json } = await person.run(['verify', '--secret-env', 'CUT', '--json'], {
    input: saved(headersOf()),
    environment: { CUT: secret.slice(0, -6) },
  });
  expect(code).toBe(1);
  expect(json.checks[0]).toMatchObject({
    check: 'secret',
    ok: false,
    cause: expect.stringContaining('not copied whole'),
  });
  expect(JSON.stringify(json)).not.toContain(secret.slice(6, 20));
});

test('a variable that is not set is a usage error', async () => {
  const ended = await person.run(['verify', '--secret-env', 'UNSET'], { input: saved(headersOf()) });
  expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('UNSET is not set') });
});

test('what is no request is a usage error', async () => {
  expect((await verify('hello')).code).toBe(2);
  expect((await verify('hello\n\nworld')).code).toBe(2);
});
