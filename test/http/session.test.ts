import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { hashKey } from '../../src/db/api-keys.ts';
import { maxSessions } from '../../src/db/sessions.ts';
import { callers } from '../../src/http/access/callers.ts';
import { operatorKey, startTestApi, type TestApi } from './api.ts';
import type { Answer } from './call.ts';

let api: TestApi;
const own = randomUUID();
const other = randomUUID();
beforeAll(async () => {
  api = await startTestApi();
  for (const id of [own, other]) await api.call('PUT', `/v1/organizations/${id}`, { body: {} });
});
afterAll(() => api?.stop());

const csrf = { 'x-spark360-csrf': '1' };
const signIn = (key: string, headers: Record<string, string> = {}): Promise<Answer> =>
  api.call('POST', '/v1/session', { key: null, body: { key }, headers });
const cookieOf = (answer: Answer): string => answer.headers.get('set-cookie')?.split(';')[0] ?? '';
const cookieFor = async (key: string): Promise<string> => cookieOf(await signIn(key));
const newKey = async (): Promise<{ id: string; key: string }> =>
  (await api.call('POST', `/v1/organizations/${own}/api-keys`, { body: {} })).body;
const withCookie = (
  cookie: string,
  method: string,
  path: string,
  headers: Record<string, string> = csrf,
  body?: unknown,
) => api.call(method, path, { key: null, headers: { cookie, ...headers }, ...(body === undefined ? {} : { body }) });

test("the operator's key is swapped for a cookie that no script and no other site gets", async () => {
  const answer = await signIn(operatorKey);
  expect(answer.status).toBe(201);
  expect(answer.body).toEqual({
    role: 'operator',
    organization_id: null,
    session: {
      id: expect.any(String),
      read_only: false,
      created_at: expect.any(String),
      expires_at: expect.any(String),
    },
  });
  expect(answer.headers.get('set-cookie')).toMatch(
    /^spark360_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(JSON.stringify(answer.body)).not.toContain(operatorKey);
});

test('with an https PUBLIC_URL the cookie is Secure and of this host only', async () => {
  const secure = await startTestApi({ config: { publicUrl: 'https://events.example' } });
  try {
    const answer = await secure.call('POST', '/v1/session', { key: null, body: { key: operatorKey } });
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-spark360_session=[^;]+;.*; Path=\/; HttpOnly; Secure;/);
    const document = await secure.call('GET', '/openapi.json');
    expect(document.body.components.securitySchemes.session.name).toBe('__Host-spark360_session');
  } finally {
    await secure.stop();
  }
});

test.each([
  ['the operator', async () => operatorKey],
  ['an organization', async () => (await newKey()).key],
])('a key of %s has at most fifty sessions: the one used least recently ends for the next', async (_, keyOf) => {
  const { db } = api.deps;
  const isOpen = async (cookie: string) => (await withCookie(cookie, 'GET', '/v1/session')).status === 200;
  await db.execute('delete from sessions');
  const ofAnotherKey = await cookieFor((await newKey()).key);
  const key = await keyOf();
  const cookies: string[] = [];
  while (cookies.length < maxSessions) cookies.push(await cookieFor(key));
  await db.execute(`update sessions set last_used_at = now() - interval '1 hour'`);
  const [oldest = '', second = '', third = ''] = cookies;
  expect(await isOpen(oldest)).toBe(true);

  const newest = await cookieFor(key);
  const states = await Promise.all([oldest, second, third, newest, ofAnotherKey].map(isOpen));
  expect(states).toEqual([true, false, true, true, true]);
});

test("an organization's session sees what its key sees, and another organization's 404", async () => {
  const cookie = await cookieFor((await newKey()).key);
  expect((await withCookie(cookie, 'GET', `/v1/organizations/${own}`)).status).toBe(200);
  expect((await withCookie(cookie, 'GET', `/v1/organizations/${other}`)).status).toBe(404);
  expect((await withCookie(cookie, 'GET', '/v1/organizations')).status).toBe(403);
  expect((await withCookie(cookie, 'PUT', `/v1/organizations/${own}`, csrf, { name: 'Own' })).status).toBe(200);
  expect((await withCookie(cookie, 'GET', '/v1/session')).body).toMatchObject({
    role: 'organization',
    organization_id: own,
    session: { read_only: false },
  });
});

test.each([
  ['GET', '/v1/organizations'],
  ['GET', '/v1/api-keys'],
  ['GET', '/metrics'],
  ['GET', '/v1/event-types'],
  ['GET', `/v1/organizations/${own}/deliveries`],
  ['GET', `/v1/organizations/${own}/leads`],
  ['POST', '/codec/decode'],
])("the operator's cookie opens %s %s", async (method, path) => {
  const cookie = await cookieFor(operatorKey);
  const body = method === 'POST' ? {} : undefined;
  expect((await withCookie(cookie, method, path, csrf, body)).status).toBe(200);
});

test('GET /v1/session tells a caller with a key who it is, without a session', async () => {
  const { body } = await api.call('GET', '/v1/session');
  expect(body).toEqual({ role: 'operator', organization_id: null, session: null });
  expect((await api.call('DELETE', '/v1/session')).status).toBe(404);
});

test('a token that is not ours beside the cookie does not hide the session', async () => {
  const cookie = await cookieFor(operatorKey);
  const headers = { cookie, authorization: "Bearer a-token-of-the-ui's-own-login" };
  expect((await api.call('GET', '/v1/session', { key: null, headers })).status).toBe(200);
});

// Each of these a page of another site could make a browser send, were it not for SameSite.
const refused = { status: 403, type: 'urn:spark360:error:cross_site_request' };
test.each([
  ['without the header', {}],
  ['from another site', { ...csrf, 'sec-fetch-site': 'cross-site' }],
  ['from a sibling host', { ...csrf, 'sec-fetch-site': 'same-site' }],
  ['from another origin, said by Origin only', { ...csrf, origin: 'https://evil.example' }],
  ['from an opaque origin', { ...csrf, origin: 'null' }],
])('an unsafe request with the cookie %s is refused, and changes nothing', async (_what, headers) => {
  const cookie = await cookieFor(operatorKey);
  const answer = await withCookie(cookie, 'PUT', `/v1/organizations/${own}`, headers, { name: 'Changed' });
  expect(answer.body).toMatchObject(refused);
  expect((await withCookie(cookie, 'DELETE', '/v1/session', headers)).status).toBe(403);
  expect((await api.call('GET', `/v1/organizations/${own}`)).body.name).not.toBe('Changed');
});

test.each([
  ['another program', {}],
  ['our page', { 'sec-fetch-site': 'same-origin', origin: 'http://console.example' }],
])('an unsafe request with cookie and header passes from %s', async (_what, headers) => {
  const cookie = await cookieFor(operatorKey);
  const answer = await withCookie(cookie, 'PUT', `/v1/organizations/${own}`, { ...csrf, ...headers }, { name: 'Own' });
  expect(answer.status).toBe(200);
});

test('our page passes by its Origin where the browser says no more', async () => {
  const cookie = await cookieFor(operatorKey);
  const answer = await withCookie(cookie, 'PUT', `/v1/organizations/${own}`, { ...csrf, origin: api.url }, {});
  expect(answer.status).toBe(200);
});

test('a key needs no such header', async () => {
  expect((await api.call('PUT', `/v1/organizations/${own}`, { body: {} })).status).toBe(200);
});

test('another site cannot sign a browser in', async () => {
  expect((await signIn(operatorKey, { 'sec-fetch-site': 'cross-site' })).body).toMatchObject(refused);
});

test('no preflight outside the codec is answered', async () => {
  const headers = { origin: 'https://evil.example', 'access-control-request-method': 'PUT' };
  const answer = await api.call('OPTIONS', `/v1/organizations/${own}`, { key: null, headers });
  expect(answer.status).toBe(405);
  expect(answer.headers.get('access-control-allow-origin')).toBeNull();
});

test('a read-only session reads, and changes nothing but its own end', async () => {
  const { principal, token } = await callers(api.deps.db, operatorKey).begin(
    { role: 'organization', organizationId: own, apiKeyId: null },
    { readOnly: true, ttlMs: 60_000 },
  );
  expect(principal).toMatchObject({ organizationId: own, session: { readOnly: true } });
  const cookie = `spark360_session=${token}`;
  expect((await withCookie(cookie, 'GET', `/v1/organizations/${own}`)).status).toBe(200);
  expect((await withCookie(cookie, 'PUT', `/v1/organizations/${own}`, csrf, {})).status).toBe(403);
  expect((await withCookie(cookie, 'POST', `/v1/organizations/${own}/api-keys`, csrf, {})).status).toBe(403);
  expect((await withCookie(cookie, 'DELETE', '/v1/session')).status).toBe(204);
});

test('signing out ends the session, not just the cookie', async () => {
  const cookie = await cookieFor(operatorKey);
  const answer = await withCookie(cookie, 'DELETE', '/v1/session');
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
  expect((await withCookie(cookie, 'GET', '/v1/session')).status).toBe(401);
});

test('signing in again ends the session of the cookie that came along', async () => {
  const cookie = await cookieFor(operatorKey);
  expect((await signIn(operatorKey, { cookie })).status).toBe(201);
  expect((await withCookie(cookie, 'GET', '/v1/session')).status).toBe(401);
});

test('a session ends with its key', async () => {
  const { id, key } = await newKey();
  const cookie = await cookieFor(key);
  expect((await withCookie(cookie, 'GET', '/v1/session')).status).toBe(200);
  await api.call('DELETE', `/v1/organizations/${own}/api-keys/${id}`);
  expect((await withCookie(cookie, 'GET', '/v1/session')).status).toBe(401);
});

test("another operator's key ends every session", async () => {
  const { token } = await callers(api.deps.db, operatorKey).begin({ role: 'operator', apiKeyId: null });
  expect(await callers(api.deps.db, operatorKey).byToken(token)).not.toBeNull();
  expect(await callers(api.deps.db, 'the-next-key-of-the-operator').byToken(token)).toBeNull();
});

test('a session ends by itself, and the next sign-in removes it', async () => {
  const { principal, token } = await callers(api.deps.db, operatorKey).begin(
    { role: 'operator', apiKeyId: null },
    { ttlMs: 0 },
  );
  expect((await withCookie(`spark360_session=${token}`, 'GET', '/v1/session')).status).toBe(401);
  await signIn(operatorKey);
  expect(await api.deps.db.query('select 1 from sessions where id = $1', [principal.session?.id])).toEqual([]);
});

test('tokens are kept as hashes only', async () => {
  const token = (await cookieFor(operatorKey)).split('=')[1] ?? '';
  const rows = JSON.stringify(await api.deps.db.query('select sessions::text as row from sessions'));
  expect(token).toHaveLength(43);
  for (const text of [token, hashKey(token).toString('hex'), operatorKey]) expect(rows).not.toContain(text);
});
