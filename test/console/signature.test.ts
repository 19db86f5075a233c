import { expect, test } from '@jest/globals';
import { type Check, verify } from '../../console/src/pages/signature/verify.ts';
import { newSecret } from '../../src/webhooks/secrets.ts';
import { signedHeaders } from '../../src/webhooks/sign.ts';

// The console's signature debugger, on requests as the service signs them.
const now = Date.parse('2026-01-31T12:00:00Z');
const secret = newSecret();
const body = JSON.stringify({ event: 'lead.enriched', data: { score: 1.5 } });
const signed = signedHeaders({
  body,
  eventId: '0b5c6f0e-2f54-4a5e-9a3c-7d1c0b8f1c11',
  event: 'lead.enriched',
  deliveryId: '5f7a7c70-9a4f-4d0e-8a55-0d4c8a4f4b11',
  attempt: 1,
  attemptId: '5f7a7c70-9a4f-4d0e-8a55-0d4c8a4f4b12',
  sequence: 1,
  secrets: { current: secret, next: null },
  timestampSeconds: now / 1_000,
});
const { 'X-Spark360-Signature': _own, ...standardOnly } = signed;

interface Pasted {
  headers?: Record<string, string>;
  sent?: string;
  key?: string;
}

async function check({ headers = signed, sent = body, key = secret }: Pasted): Promise<Check[]> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return verify({ secret: key, headers: lines.join('\n'), body: sent }, now);
}

test('a request as it was sent passes every check', async () => {
  expect((await check({})).map(({ state }) => state)).toEqual(['passed', 'passed', 'passed', 'passed']);
});

test.each(['webhook-timestamp', 'webhook-id'])(
  'where only %s was changed, neither secret nor body is blamed',
  async (name) => {
    const changed = name === 'webhook-id' ? 'another' : String(now / 1_000 + 1);
    const [, , ofBody, standard] = await check({ headers: { ...signed, [name]: changed } });
    expect(ofBody?.state).toBe('passed');
    expect(standard).toMatchObject({ state: 'failed', words: expect.stringContaining('is not what was signed') });
  },
);

test.each<[string, string, string]>([
  ['was written again', JSON.stringify(JSON.parse(body), null, 2), 'parsed and written again'],
  ['has a line end more', `${body}\n`, 'a line end or blank that was not sent'],
])('a body that %s is recognised by either signature', async (_what, sent, words) => {
  const [, , ofBody, standard] = await check({ sent });
  expect(ofBody).toMatchObject({ state: 'failed', words: expect.stringContaining(words) });
  expect(ofBody?.words).not.toContain('another secret');
  const [, , skipped, alone] = await check({ sent, headers: standardOnly });
  expect(skipped?.state).toBe('skipped');
  for (const found of [standard, alone]) {
    expect(found).toMatchObject({ state: 'failed', words: expect.stringContaining(words) });
    expect(found?.words).not.toContain('another secret');
  }
});

test('another secret is the cause where nothing else is', async () => {
  const [, , ofBody, standard] = await check({ key: newSecret() });
  for (const found of [ofBody, standard]) expect(found?.words).toContain('another secret or another body');
});
