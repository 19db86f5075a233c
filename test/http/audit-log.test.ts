import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint } from '../support/partners.ts';
import { startTestApi, type TestApi } from './api.ts';

let api: TestApi;
const own = randomUUID();
const other = randomUUID();
let key: string;
let endpointId: string;
beforeAll(async () => {
  api = await startTestApi();
  for (const id of [own, other]) await api.call('PUT', `/v1/organizations/${id}`, { body: {} });
  key = (await api.call('POST', `/v1/organizations/${own}/api-keys`, { body: {} })).body.key;
  endpointId = (await anEndpoint(api.deps, own, 'http://127.0.0.1:9/')).id;
});
afterAll(() => api?.stop());

const entries = async (path = `/v1/organizations/${own}/audit-log`) => (await api.call('GET', path)).body.data;

test('a change leaves a row: who, what, when, of which ids, and no more', async () => {
  await api.call('POST', `/v1/organizations/${own}/endpoints/${endpointId}/pause`, { key });
  const [newest] = await entries();
  expect(newest).toEqual({
    id: expect.any(String),
    at: expect.any(String),
    organization_id: own,
    role: 'organization',
    session_id: null,
    action: 'POST /v1/organizations/:organizationId/endpoints/:endpointId/pause',
    target: { organizationId: own, endpointId },
    status_code: 200,
  });
});

test('signing in is a row, with the session that began', async () => {
  const signedIn = await api.call('POST', '/v1/session', { key: null, body: { key } });
  const [newest] = await entries();
  expect(newest).toMatchObject({
    action: 'POST /v1/session',
    session_id: signedIn.body.session.id,
    organization_id: own,
  });
});

test.each([
  ['a read', () => api.call('GET', `/v1/organizations/${own}/endpoints`, { key })],
  [
    'a count before an action',
    () =>
      api.call('POST', `/v1/organizations/${own}/deliveries/recover`, {
        key,
        body: { since: '2026-01-01T00:00:00Z', dry_run: true },
      }),
  ],
  [
    'a refused change',
    () => api.call('PATCH', `/v1/organizations/${own}/endpoints/${endpointId}`, { key, body: { url: 'ftp://x' } }),
  ],
  [
    "a change of another organization's",
    () => api.call('POST', `/v1/organizations/${other}/api-keys`, { key, body: {} }),
  ],
  ['an inbound event', () => api.call('POST', '/v1/events', { body: aLead(own).created() })],
])('%s leaves none', async (_what, call) => {
  const before = (await entries('/v1/audit-log?limit=100')).length;
  await call();
  expect(await entries('/v1/audit-log?limit=100')).toHaveLength(before);
});

test('an organization sees its own rows only, the operator all', async () => {
  await api.call('PUT', `/v1/organizations/${other}`, { body: { name: 'Other' } });
  const seen = await api.call('GET', `/v1/organizations/${own}/audit-log?limit=100`, { key });
  expect(new Set(seen.body.data.map((row: { organization_id: string }) => row.organization_id))).toEqual(
    new Set([own]),
  );
  expect((await api.call('GET', `/v1/organizations/${other}/audit-log`, { key })).status).toBe(404);
  expect((await api.call('GET', '/v1/audit-log', { key })).status).toBe(403);
  expect((await entries('/v1/audit-log'))[0]).toMatchObject({ organization_id: other, role: 'operator' });
});

test('rows come in pages', async () => {
  const first = await api.call('GET', '/v1/audit-log?limit=2');
  const second = await api.call('GET', `/v1/audit-log?limit=2&cursor=${first.body.next_cursor}`);
  const ids = [...first.body.data, ...second.body.data].map(({ id }: { id: string }) => id);
  expect(new Set(ids).size).toBe(4);
});
