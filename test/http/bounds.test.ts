import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { startTestApi, type TestApi } from './api.ts';
import { aPartner, type Partner } from './partner.ts';

let api: TestApi;
let partner: Partner;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  partner = await aPartner(api, 'http://127.0.0.1:9/hook');
  key = (await api.call('POST', `${partner.path}/api-keys`, { body: {} })).body.key;
});
afterAll(() => api?.stop());

const ones = (count: number): number[] => Array.from({ length: count }, () => 1);
const keys = (count: number, value: unknown) => Object.fromEntries(ones(count).map((_, i) => [`k${i}`, value]));

describe('a body that is larger than its call takes', () => {
  test('4 MiB of events of an endpoint are refused at once, and /healthz answers meanwhile', async () => {
    const body = JSON.stringify({ url: 'https://crm.example.com', events: ones(2_000_000) });
    const refused = api.call('POST', `${partner.path}/endpoints`, { key, body });
    for (let i = 0; i < 20; i += 1) expect((await api.call('GET', '/healthz', { key: null })).status).toBe(200);
    const { status, body: problem } = await refused;
    expect([status, problem.type]).toEqual([413, 'urn:spark360:error:payload_too_large']);
  });

  test.each([
    ['PATCH', () => partner.endpointPath],
    ['PUT', () => partner.path],
    ['POST', () => `${partner.endpointPath}/recover`],
    ['POST', () => `${partner.path}/api-keys`],
  ])('%s takes 64 KiB', async (method, path) => {
    const body = { description: 'x'.repeat(70_000) };
    expect((await api.call(method, path(), { key, body })).status).toBe(413);
  });

  test('one without a length is read no further than its limit', async () => {
    const chunk = Buffer.alloc(16_384, '[');
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
    const sent = fetch(`${api.url}${partner.path}/endpoints`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: endless,
      duplex: 'half',
    } as RequestInit);
    expect(await sent.then(({ status }) => status)).toBe(413);
  });
});

describe('an input with a hundred thousand faults', () => {
  const wrongHacks = () => {
    const event = aLead(partner.organization).personal({ enriched: true });
    return { ...event, data: { object: { ...event.data.object, insights: { hacks: ones(129_000) } } } };
  };

  test.each([
    ['an array with an event', () => [wrongHacks()], '[0].data.object.insights.hacks'],
    ['a single event', wrongHacks, 'data.object.insights.hacks'],
  ])('%s of 129,000 wrong hacks is a 422 with one error', async (_what, body, path) => {
    const { status, body: problem } = await api.call('POST', '/v1/events', { body: body() });
    expect(status).toBe(422);
    expect(problem.errors).toEqual([{ path, message: 'expected at most 1000 hacks' }]);
  });

  test.each([
    ['900 wrong hacks', () => ({ ...wrongHacks(), data: { object: { insights: { hacks: ones(900) } } } })],
    ['100 events without anything', () => ones(100).map(() => ({ event: 'lead.created', data: { object: {} } }))],
  ])('%s: the first 100 errors are named', async (_what, body) => {
    const { status, body: problem } = await api.call('POST', '/v1/events', { body: body() });
    expect([status, problem.errors.length]).toEqual([422, 100]);
    expect(problem.detail).toMatch(/; and more$/);
  });

  test.each([
    ['unknown keys', 'PATCH', () => partner.endpointPath, () => keys(5_000, 1), 100],
    ['wrong events', 'PATCH', () => partner.endpointPath, () => ({ events: ones(10_000) }), 1],
    ['wrong addresses', 'PUT', () => partner.path, () => ({ notify: ones(10_000) }), 1],
    ['sources', 'PUT', () => `${partner.path}/widgets/${randomUUID()}`, () => ({ sources: keys(5_000, 1) }), 1],
    ['wrong payloads', 'POST', () => '/codec/decode', () => ({ payloads: ones(500_000) }), 1],
    ['metadata', 'POST', () => '/codec/decode', () => ({ payloads: [{ metadata: keys(100_000, 1) }] }), 1],
  ])('%s: a 422 with few errors', async (_what, method, path, body, count) => {
    const { status, body: problem } = await api.call(method, path(), { body: body() });
    expect([status, problem.errors.length]).toEqual([422, count]);
  });

  test('3,000 unknown query parameters are a 400 with 100 errors', async () => {
    const query = Array.from({ length: 3_000 }, (_, i) => `${i}`).join('&');
    const { status, body } = await api.call('GET', `${partner.path}/leads?${query}`);
    expect([status, body.errors.length]).toEqual([400, 100]);
  });
});

describe('a moment that Postgres cannot hold', () => {
  const cursor = (at: string) => `cursor=${Buffer.from(JSON.stringify([at, randomUUID()])).toString('base64url')}`;

  test.each([
    '0000-01-01T00:00:00Z',
    '2026-01-01T00:00:00+16:00',
    '2026-01-01T00:00:00-23:59',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    `2026-01-01T00:00:00.${'1'.repeat(200)}Z`,
  ])('%s is a 400 as since and until, and a 422 of a recovery', async (moment) => {
    for (const name of ['since', 'until']) {
      const { status, body } = await api.call(
        'GET',
        `${partner.path}/deliveries?${name}=${encodeURIComponent(moment)}`,
      );
      expect([status, body.errors[0]?.path]).toEqual([400, name]);
    }
    const recovery = await api.call('POST', `${partner.endpointPath}/recover`, {
      body: { since: moment, dry_run: true },
    });
    expect([recovery.status, recovery.body.errors[0]?.path]).toEqual([422, 'since']);
  });

  test.each(['deliveries', 'leads', 'endpoints', 'api-keys', ''])(
    'a cursor of year 0 is a 400 on the list of %s',
    async (list) => {
      const path = list === '' ? '/v1/organizations' : `${partner.path}/${list}`;
      const { status, body } = await api.call('GET', `${path}?${cursor('0000-01-01T00:00:00.000000Z')}`);
      expect([status, body.errors]).toEqual([400, [{ path: 'cursor', message: 'malformed' }]]);
      expect((await api.call('GET', `${path}?${cursor('2026-01-01T00:00:00.000000Z')}`)).status).toBe(200);
    },
  );

  test('the first and the last moment there is are taken', async () => {
    const query = `since=${encodeURIComponent('0001-01-01T00:00:00Z')}&until=${encodeURIComponent('9999-12-31T23:59:59+15:59')}`;
    expect((await api.call('GET', `${partner.path}/deliveries?${query}`)).status).toBe(200);
  });
});

describe('a compressed body', () => {
  test.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, identity', 'GZIP'])(
    '%s is a 415 that names content-encoding',
    async (encoding) => {
      const body = gzipSync(JSON.stringify(aLead(partner.organization).created()));
      const {
        status,
        body: problem,
        headers,
      } = await api.call('POST', '/v1/events', { body, headers: { 'content-encoding': encoding } });
      expect([status, problem.errors]).toEqual([415, [{ path: 'content-encoding', message: 'expected none' }]]);
      expect(headers.get('accept-encoding')).toBe('identity');
    },
  );

  test('identity is none', async () => {
    const event = aLead(partner.organization).created();
    const { status } = await api.call('POST', '/v1/events', {
      body: event,
      headers: { 'content-encoding': 'Identity' },
    });
    expect(status).toBe(202);
  });
});
