import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { operatorKey, startTestApi, type TestApi } from './api.ts';

let api: TestApi;
const own = randomUUID();
const other = randomUUID();
const keys: Record<string, string | null> = { operator: operatorKey, none: null, unknown: 'sk_org_unknown' };

beforeAll(async () => {
  api = await startTestApi();
  for (const id of [own, other]) await api.call('PUT', `/v1/organizations/${id}`, { body: { tier: 'premium' } });
  keys.ingest = (await api.call('POST', '/v1/api-keys', { body: { role: 'ingest' } })).body.key;
  keys.organization = (await api.call('POST', `/v1/organizations/${own}/api-keys`, { body: {} })).body.key;
});
afterAll(() => api?.stop());

const as = (role: string, method: string, path: string, body?: unknown) =>
  api.call(method, path, { key: keys[role] ?? null, ...(body === undefined ? {} : { body }) });

// Spec section 7: a backend's key may post events and PUT,
// an organization's sees its own, the operator's may do everything.
const widget = randomUUID();
describe.each([
  ['POST', '/v1/events', aLead(other).created(), { operator: 202, ingest: 202, organization: 403 }],
  ['PUT', `/v1/organizations/${own}`, { name: 'Own' }, { operator: 200, ingest: 200, organization: 200 }],
  ['PUT', `/v1/organizations/${own}`, { tier: 'premium' }, { operator: 200, ingest: 200, organization: 403 }],
  ['PUT', `/v1/organizations/${other}`, { name: 'Other' }, { operator: 200, ingest: 200, organization: 404 }],
  ['PUT', `/v1/organizations/${own}/widgets/${widget}`, {}, { operator: 200, ingest: 200, organization: 403 }],
  ['GET', `/v1/organizations/${own}/widgets/${widget}`, undefined, { operator: 200, ingest: 403, organization: 200 }],
  ['GET', `/v1/organizations/${own}`, undefined, { operator: 200, ingest: 403, organization: 200 }],
  ['GET', `/v1/organizations/${other}`, undefined, { operator: 200, ingest: 403, organization: 404 }],
  ['GET', '/v1/organizations', undefined, { operator: 200, ingest: 403, organization: 403 }],
  ['GET', `/v1/organizations/${own}/endpoints`, undefined, { operator: 200, ingest: 403, organization: 200 }],
  ['GET', `/v1/organizations/${other}/endpoints`, undefined, { operator: 200, ingest: 403, organization: 404 }],
  ['GET', `/v1/organizations/${own}/deliveries`, undefined, { operator: 200, ingest: 403, organization: 200 }],
  ['GET', `/v1/organizations/${other}/deliveries`, undefined, { operator: 200, ingest: 403, organization: 404 }],
  ['GET', `/v1/organizations/${own}/leads`, undefined, { operator: 200, ingest: 403, organization: 200 }],
  ['GET', `/v1/organizations/${other}/leads`, undefined, { operator: 200, ingest: 403, organization: 404 }],
  ['POST', `/v1/organizations/${own}/api-keys`, {}, { operator: 201, ingest: 403, organization: 201 }],
  ['GET', `/v1/organizations/${own}/api-keys`, undefined, { operator: 200, ingest: 403, organization: 200 }],
  ['GET', `/v1/organizations/${other}/api-keys`, undefined, { operator: 200, ingest: 403, organization: 404 }],
  ['POST', '/v1/api-keys', { role: 'ingest' }, { operator: 201, ingest: 403, organization: 403 }],
  ['GET', '/v1/event-types', undefined, { operator: 200, ingest: 403, organization: 200 }],
  ['GET', '/metrics', undefined, { operator: 200, ingest: 403, organization: 403 }],
  ['POST', '/codec/decode', {}, { operator: 200, ingest: 403, organization: 403 }],
] as const)('%s %s', (method, path, body, expected) => {
  test.each(Object.entries({ ...expected, none: 401, unknown: 401 }))('%s: %d', async (role, status) => {
    const answer = await as(role, method, path, body);
    expect(answer.status).toBe(status);
    if (status >= 400) {
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body).toMatchObject({ status, errors: [] });
    }
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
  });
});

test.each(['/healthz', '/readyz', '/openapi.json', '/docs'])('%s needs no key', async (path) => {
  expect((await as('none', 'GET', path)).status).toBe(200);
});

test('a deleted key is refused at once', async () => {
  const made = await as('organization', 'POST', `/v1/organizations/${own}/api-keys`, {});
  expect(made.body).toMatchObject({ role: 'organization', key: expect.stringMatching(/^sk_org_/) });
  keys.made = made.body.key;
  expect((await as('made', 'GET', `/v1/organizations/${own}`)).status).toBe(200);
  const path = `/v1/organizations/${own}/api-keys/${made.body.id}`;
  expect((await as('organization', 'DELETE', path)).status).toBe(204);
  expect((await as('made', 'GET', `/v1/organizations/${own}`)).status).toBe(401);
  expect((await as('organization', 'DELETE', path)).status).toBe(404);
});

test("another organization's key is neither listed nor deleted", async () => {
  const made = await as('operator', 'POST', `/v1/organizations/${other}/api-keys`, {});
  expect((await as('organization', 'DELETE', `/v1/organizations/${own}/api-keys/${made.body.id}`)).status).toBe(404);
  const { body } = await as('organization', 'GET', `/v1/organizations/${own}/api-keys?limit=100`);
  expect(body.data.map(({ id }: { id: string }) => id)).not.toContain(made.body.id);
});

test('keys are kept as hashes and listed without their text', async () => {
  const rows = await api.deps.db.query<{ row: string }>('select api_keys::text as row from api_keys');
  const listed = await as('organization', 'GET', `/v1/organizations/${own}/api-keys`);
  for (const key of [keys.ingest, keys.organization]) {
    expect(JSON.stringify(rows)).not.toContain(key);
    expect(JSON.stringify(listed.body)).not.toContain(key);
  }
  expect(listed.body.data[0]).toEqual({ id: expect.any(String), role: 'organization', created_at: expect.any(String) });
});

test.each([
  ['an unknown path', 'GET', '/v1/nothing', 404],
  ['an organization that does not exist', 'GET', `/v1/organizations/${randomUUID()}/endpoints`, 404],
  ['a malformed organization', 'GET', '/v1/organizations/acme', 404],
  ['a malformed id', 'GET', `/v1/organizations/${own}/endpoints/12`, 404],
  ['an unknown id', 'GET', `/v1/organizations/${own}/endpoints/${randomUUID()}`, 404],
  ['a path that is not encoded right', 'GET', '/v1/organizations/%zz', 400],
  ['another method', 'DELETE', '/v1/events', 405],
  ['an unknown query parameter', 'GET', `/v1/organizations/${own}?expand=1`, 400],
  ['limit 0', 'GET', '/v1/organizations?limit=0', 400],
  ['limit 101', 'GET', '/v1/organizations?limit=101', 400],
  ['limit in words', 'GET', '/v1/organizations?limit=ten', 400],
  ['two limits', 'GET', '/v1/organizations?limit=1&limit=2', 400],
  ['a made-up cursor', 'GET', '/v1/organizations?cursor=abc', 400],
  ['an empty cursor', 'GET', '/v1/organizations?cursor=', 400],
  ['a status there is not', 'GET', `/v1/organizations/${own}/deliveries?status=lost`, 400],
  ['an event there is not', 'GET', `/v1/organizations/${own}/deliveries?event=lead.lost`, 400],
  ['a malformed moment', 'GET', `/v1/organizations/${own}/deliveries?since=yesterday`, 400],
  ['a malformed id in a query', 'GET', `/v1/organizations/${own}/deliveries?endpoint_id=1`, 400],
  ['a stage there is not', 'GET', `/v1/organizations/${own}/leads?stage=lost`, 400],
])('%s is a problem document', async (_what, method, path, status) => {
  const answer = await as('operator', method, path);
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(Object.keys(answer.body)).toEqual(['type', 'title', 'status', 'detail', 'errors']);
  if (status === 405) expect(answer.headers.get('allow')).toBe('POST');
});

test('a body of another type is a 415', async () => {
  const answer = await api.call('POST', '/v1/events', { body: 'id=1', headers: { 'content-type': 'text/plain' } });
  expect(answer.status).toBe(415);
  expect(answer.body.type).toBe('urn:spark360:error:unsupported_media_type');
});
