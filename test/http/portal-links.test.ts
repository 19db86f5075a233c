import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from './api.ts';
import type { Answer } from './call.ts';

let api: TestApi;
const own = randomUUID();
const other = randomUUID();
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  for (const id of [own, other]) await api.call('PUT', `/v1/organizations/${id}`, { body: {} });
  key = (await api.call('POST', `/v1/organizations/${own}/api-keys`, { body: {} })).body.key;
});
afterAll(() => api?.stop());

const csrf = { 'x-spark360-csrf': '1' };
const makeLink = (body: object = {}, organization = own): Promise<Answer> =>
  api.call('POST', `/v1/organizations/${organization}/portal-links`, { key, body });
const codeOf = (answer: Answer): string => new URL(answer.body.url).hash.slice(1);
const swap = (code: string, headers = {}): Promise<Answer> =>
  api.call('POST', '/v1/session/portal', { key: null, body: { code }, headers });
const cookieOf = (answer: Answer): string => answer.headers.get('set-cookie')?.split(';')[0] ?? '';
const withCookie = (cookie: string, method: string, path: string, body?: object) =>
  api.call(method, path, { key: null, headers: { cookie, ...csrf }, ...(body && { body }) });

test('a link holds its code in the fragment, and opens a session of its organization once', async () => {
  const made = await makeLink();
  expect(made.status).toBe(201);
  expect(made.body).toEqual({
    url: expect.stringMatching(/\/console\/portal#[\w-]{43}$/),
    read_only: false,
    expires_at: expect.any(String),
  });
  const opened = await swap(codeOf(made));
  expect(opened.status).toBe(201);
  expect(opened.body).toMatchObject({ role: 'organization', organization_id: own, session: { read_only: false } });
  expect(opened.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict/);
  expect((await withCookie(cookieOf(opened), 'GET', `/v1/organizations/${own}/endpoints`)).status).toBe(200);
  expect((await withCookie(cookieOf(opened), 'GET', `/v1/organizations/${other}/endpoints`)).status).toBe(404);
  const again = await swap(codeOf(made));
  expect(again.status).toBe(401);
  expect(again.headers.get('set-cookie')).toBeNull();
});

test('of ten that open a link at once one gets in', async () => {
  const code = codeOf(await makeLink());
  const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await swap(code)).status));
  expect(statuses.sort()).toEqual([201, ...Array(9).fill(401)]);
});

test('a read-only link opens a session that changes nothing', async () => {
  const opened = await swap(codeOf(await makeLink({ read_only: true })));
  const cookie = cookieOf(opened);
  expect(opened.body.session.read_only).toBe(true);
  expect((await withCookie(cookie, 'GET', `/v1/organizations/${own}/deliveries`)).status).toBe(200);
  expect((await withCookie(cookie, 'POST', `/v1/organizations/${own}/api-keys`, {})).status).toBe(403);
  expect((await withCookie(cookie, 'POST', `/v1/organizations/${own}/portal-links`, {})).status).toBe(403);
  expect((await withCookie(cookie, 'DELETE', '/v1/session')).status).toBe(204);
});

test('an expired link opens nothing', async () => {
  const made = await makeLink({ expires_in_seconds: 60 });
  await api.deps.db.execute(`update portal_links set expires_at = now() - interval '1 second'`);
  expect((await swap(codeOf(made))).status).toBe(401);
});

test.each([
  ['a made-up code', 'x'.repeat(43)],
  ['an empty code', ''],
])('%s opens nothing', async (_what, code) => {
  expect((await swap(code)).status).toBe(401);
});

test('codes are kept as hashes', async () => {
  const code = codeOf(await makeLink());
  const rows = await api.deps.db.query<{ row: string }>('select portal_links::text as row from portal_links');
  expect(JSON.stringify(rows)).not.toContain(code);
});

test("another organization's link is not to be made", async () => {
  expect((await makeLink({}, other)).status).toBe(404);
});

test('a page of another site swaps no code', async () => {
  const code = codeOf(await makeLink());
  expect((await swap(code, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })).status).toBe(403);
  expect((await swap(code)).status).toBe(201);
});

test('the sessions of an organization are listed, and ended one by one or all', async () => {
  const [first, second] = [
    cookieOf(await swap(codeOf(await makeLink()))),
    cookieOf(await swap(codeOf(await makeLink()))),
  ];
  const list = (await withCookie(first, 'GET', `/v1/organizations/${own}/sessions`)).body.data;
  const current = list.filter(({ is_current }: { is_current: boolean }) => is_current);
  expect(current).toHaveLength(1);
  const another = (await withCookie(second, 'GET', `/v1/organizations/${own}/sessions`)).body.data.find(
    ({ is_current }: { is_current: boolean }) => is_current,
  );
  expect((await withCookie(first, 'DELETE', `/v1/organizations/${own}/sessions/${another.id}`)).status).toBe(204);
  expect((await withCookie(second, 'GET', '/v1/session')).status).toBe(401);
  expect((await api.call('DELETE', `/v1/organizations/${other}/sessions/${current[0].id}`)).status).toBe(404);
  expect((await api.call('DELETE', `/v1/organizations/${own}/sessions`, { key })).status).toBe(204);
  expect((await withCookie(first, 'GET', '/v1/session')).status).toBe(401);
});
