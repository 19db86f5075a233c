import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApi, type ListeningApi } from '../../src/http/server.ts';
import { operatorKey, startTestApi, type TestApi } from './api.ts';

const uiOrigin = 'https://temporal.events.example';
const payload = { metadata: { encoding: Buffer.from('json/plain').toString('base64') }, data: 'IldpbGhlbG1pbmEi' };

describe('with TEMPORAL_UI_URL', () => {
  let api: TestApi;
  let cookie: string;
  beforeAll(async () => {
    api = await startTestApi({ config: { temporalUiUrl: `${uiOrigin}/ui`, publicUrl: 'https://events.example' } });
    const answer = await api.call('POST', '/v1/session', { key: null, body: { key: operatorKey } });
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  });
  afterAll(() => api?.stop());

  const decode = (headers: Record<string, string>, method = 'POST') =>
    api.call(method, '/codec/decode', {
      key: null,
      headers,
      ...(method === 'POST' && { body: { payloads: [payload] } }),
    });

  test("its page reads with a signed-in operator's cookie, and a browser lets it", async () => {
    const answer = await decode({ cookie, origin: uiOrigin, 'sec-fetch-site': 'same-site' });
    expect([answer.status, answer.body]).toEqual([200, { payloads: [payload] }]);
    expect(answer.headers.get('access-control-allow-origin')).toBe(uiOrigin);
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
  });

  test("a token of the UI's own login beside the cookie does no harm", async () => {
    const answer = await decode({
      cookie,
      origin: uiOrigin,
      authorization: 'Bearer of.another.issuer',
      'authorization-extras': 'id',
    });
    expect(answer.status).toBe(200);
  });

  test('its preflight is answered, for a private network too', async () => {
    const asked = { origin: uiOrigin, 'access-control-request-private-network': 'true' };
    const { status, headers } = await decode(asked, 'OPTIONS');
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(uiOrigin);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('access-control-allow-private-network')).toBe('true');
  });

  test.each(['https://evil.example', 'http://temporal.events.example', 'https://events.example.evil.example', 'null'])(
    'no page of %s reads anything, with whatever cookie',
    async (origin) => {
      for (const method of ['OPTIONS', 'POST']) {
        const answer = await decode({ cookie, origin }, method);
        expect(answer.headers.get('access-control-allow-origin')).toBeNull();
        expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
        if (method === 'POST') expect([answer.status, answer.body.payloads]).toEqual([403, undefined]);
      }
    },
  );

  test('its page without a cookie reads nothing, but why', async () => {
    const answer = await decode({ origin: uiOrigin });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([401, uiOrigin]);
  });

  test("an organization's session reads nothing", async () => {
    const organization = '7b0f7f0c-9d57-4b43-8a1e-0f6f7f3c2a11';
    await api.call('PUT', `/v1/organizations/${organization}`, { body: {} });
    const { body } = await api.call('POST', `/v1/organizations/${organization}/api-keys`, { body: {} });
    const answer = await api.call('POST', '/v1/session', { key: null, body });
    expect(answer.status).toBe(422);
    const signedIn = await api.call('POST', '/v1/session', { key: null, body: { key: body.key } });
    const own = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await decode({ cookie: own, origin: uiOrigin })).status).toBe(403);
  });

  test('a capability is not known here', async () => {
    expect((await api.call('POST', '/codec/anything/decode', { key: null, body: {} })).status).toBe(404);
  });
});

describe('with the capability of an embedded server', () => {
  const token = randomBytes(32).toString('base64url');
  const origins = ['http://127.0.0.1:8233', 'http://localhost:8233'];
  let api: TestApi;
  let everywhere: ListeningApi;
  let port: string;
  beforeAll(async () => {
    api = await startTestApi();
    everywhere = await startApi({
      ...api.deps,
      codecCapability: { token, origins },
      config: { ...api.deps.config, host: '0.0.0.0' },
    });
    port = new URL(everywhere.url).port;
  });
  afterAll(async () => {
    await everywhere?.close();
    await api?.stop();
  });

  /** As a browser asks, but for what `changes` says; fetch would not let the Host header be chosen. */
  const ask = (changes: { token?: string; address?: string; method?: string; headers?: Record<string, string> } = {}) =>
    new Promise<{ status: number; body: string; allowed: string | undefined }>((resolve, reject) => {
      const { address = '127.0.0.1', method = 'POST' } = changes;
      const headers = {
        'content-type': 'application/json',
        host: `127.0.0.1:${port}`,
        origin: origins[0] ?? '',
        ...changes.headers,
      };
      const path = `/codec/${changes.token ?? token}/decode?preserveStorageRefs=true`;
      const sent = request({ host: address, port, method, path, headers }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body, allowed: response.headers['access-control-allow-origin'] }),
        );
      });
      sent.on('error', reject).end(method === 'POST' ? JSON.stringify({ payloads: [payload] }) : undefined);
    });

  test.each(origins)('the page of %s reads without a key', async (origin) => {
    expect(await ask({ headers: { origin } })).toEqual({
      status: 200,
      body: JSON.stringify({ payloads: [payload] }),
      allowed: origin,
    });
    expect(await ask({ method: 'OPTIONS', headers: { origin } })).toMatchObject({ status: 204, allowed: origin });
  });

  const elsewhere = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

  // Each of these is answered as if nothing were there.
  test.each([
    ['another token', { token: randomBytes(32).toString('base64url') }],
    ['a shorter one', { token: token.slice(1) }],
    ['a page of another origin', { headers: { origin: 'https://evil.example' } }],
    ['a page of another port', { headers: { origin: 'http://127.0.0.1:3000' } }],
    ['no page at all', { headers: { origin: '' } }],
    ['a name that was made to point here', { headers: { host: `evil.example:8080` } }],
    ['a name that begins like ours', { headers: { host: `localhost.evil.example` } }],
    ['a proxy on this machine', { headers: { 'x-forwarded-for': '203.0.113.9' } }],
    ...(elsewhere === undefined ? [] : [['another address than loopback', { address: elsewhere }] as const]),
  ] as [string, Parameters<typeof ask>[0]][])('%s gets a 404', async (_what, changes) => {
    for (const method of ['POST', 'OPTIONS']) {
      const answer = await ask({ ...changes, method });
      expect(answer.status).toBe(404);
      expect(answer.body).not.toContain(payload.data);
    }
  });

  test('the address is in no document', async () => {
    const { body } = await api.call('GET', `/openapi.json`);
    expect(JSON.stringify(body.paths)).not.toContain('token');
  });
});
