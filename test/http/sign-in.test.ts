import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SignInLimit } from '../../src/http/access/sign-in-limit.ts';
import { operatorKey, startTestApi, type TestApi } from './api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const signIn = (key: string) => api.call('POST', '/v1/session', { key: null, body: { key } });

test.each([
  ['a wrong key', { key: 'sk_org_unknown' }, 401],
  ['no key', {}, 422],
  ['an empty body', '', 422],
  ['a key that is no text', { key: 1 }, 422],
  ['a key of 513 characters', { key: 'x'.repeat(513) }, 422],
])('%s signs nobody in', async (_what, body, status) => {
  const answer = await api.call('POST', '/v1/session', { key: null, body });
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([status, null]);
});

test("a backend's key signs nobody in", async () => {
  const { body } = await api.call('POST', '/v1/api-keys', { body: { role: 'ingest' } });
  expect((await signIn(body.key)).status).toBe(403);
});

test('keys cannot be guessed: after ten failures within a minute even the right one is refused, with Retry-After', async () => {
  const guessed = await startTestApi();
  try {
    const guess = (key: string) => guessed.call('POST', '/v1/session', { key: null, body: { key } });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => guess(`guess-${index}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(10).fill(401), 429, 429]);
    const refusedKey = await guess(operatorKey);
    expect([refusedKey.status, Number(refusedKey.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
    // Who has a key and sends it with each call is not locked out by it.
    expect((await guessed.call('GET', '/v1/session')).status).toBe(200);
  } finally {
    await guessed.stop();
  }
});

test('the limit counts an address, a /64 of IPv6 as one, forgets after a minute, and a success takes back itself only', () => {
  let now = 0;
  const limit = new SignInLimit(() => now);
  const fail = (address: string, times: number) => {
    for (let i = 0; i < times; i += 1) limit.begin(address);
  };
  fail('192.0.2.1', 9);
  limit.begin('192.0.2.1')();
  fail('192.0.2.1', 1);
  expect(() => limit.begin('::ffff:192.0.2.1')).toThrow(expect.objectContaining({ headers: { 'retry-after': '60' } }));
  fail('192.0.2.2', 10);
  fail('2001:db8::1', 5);
  fail('2001:db8::2', 5);
  expect(() => limit.begin('2001:db8:0:0:ffff::3')).toThrow();
  fail('2001:db8:0:1::1', 10);
  now = 60_000;
  fail('192.0.2.1', 10);
});
