import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint } from '../support/partners.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApi, type TestApi } from './api.ts';

// Every route of the document that names an organization, with the key of another one, and with another one's ids:
// whatever is added later is in here by itself.

let api: TestApi;
const own = randomUUID();
const other = randomUUID();
let key: string;
/** What belongs to the other organization, by the names of the paths' parameters. */
let foreign: Record<string, string>;
/** The same ids, and what they must still be afterwards. */
let before: string;

interface Operation {
  method: string;
  path: string;
}

beforeAll(async () => {
  api = await startTestApi({ worker: true });
  for (const id of [own, other]) await api.call('PUT', `/v1/organizations/${id}`, { body: {} });
  key = (await api.call('POST', `/v1/organizations/${own}/api-keys`, { body: {} })).body.key;
  const foreignKey = (await api.call('POST', `/v1/organizations/${other}/api-keys`, { body: {} })).body;
  const { id: endpointId } = await anEndpoint(api.deps, other, 'http://127.0.0.1:9/hook');
  const lead = aLead(other);
  await api.call('POST', '/v1/events', { body: lead.created() });
  const deliveryId = await eventually(async () => {
    const { body } = await api.call('GET', `/v1/organizations/${other}/deliveries`);
    expect(body.data).toHaveLength(1);
    return body.data[0].id as string;
  });
  await api.call('POST', `/v1/organizations/${other}/endpoints/${endpointId}/pause`);
  const session = await api.call('POST', '/v1/session', { key: null, body: { key: foreignKey.key } });
  const jobId = randomUUID();
  await api.deps.db.execute(
    `insert into recovery_jobs (id, organization_id, endpoint_id, since, until, count, finished_at) values ($1, $2, $3, now(), now(), 0, now())`,
    [jobId, other, endpointId],
  );
  const widgetId = randomUUID();
  await api.call('PUT', `/v1/organizations/${other}/widgets/${widgetId}`, { body: { name: 'Theirs' } });
  foreign = {
    endpointId,
    deliveryId,
    leadId: lead.leadId,
    keyId: foreignKey.id,
    sessionId: session.body.session.id,
    jobId,
    widgetId,
    // Of a listener, which no other organization has either.
    requestId: randomUUID(),
  };
  before = await theirs();
});
afterAll(() => api?.stop());

async function operations(): Promise<Operation[]> {
  const { body } = await api.call('GET', '/openapi.json');
  return Object.entries<object>(body.paths)
    .filter(([path]) => path.includes('{organizationId}'))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })));
}

const at = (path: string, organizationId: string): string =>
  path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    if (name === 'organizationId') return organizationId;
    const id = foreign[name];
    if (id === undefined) throw new Error(`say what belongs to the other organization as ${name}, for ${path}`);
    return id;
  });

/** Bodies that are valid, where one is needed to come that far. */
const bodies: Record<string, object> = {
  'PATCH /v1/organizations/{organizationId}/endpoints/{endpointId}': { description: 'mine now' },
  'POST /v1/organizations/{organizationId}/endpoints/{endpointId}/rotate-secret': {},
  'POST /v1/organizations/{organizationId}/endpoints/{endpointId}/recover': { since: '2026-01-01T00:00:00Z' },
  'POST /v1/organizations/{organizationId}/endpoints/{endpointId}/requests/{requestId}': { status_code: 200 },
};

/** Everything that a call could have changed. */
async function theirs(): Promise<string> {
  const rows = await api.deps.db.query<{ row: string }>(
    `select e::text as row from endpoints e where organization_id = $1
     union all select k::text from api_keys k where organization_id = $1
     union all select concat(d.id, d.reason) from deliveries d where organization_id = $1
     union all select s.id::text from sessions s where organization_id = $1
     union all select w::text from widgets w where organization_id = $1
     union all select j::text from recovery_jobs j where organization_id = $1
     union all select concat(o.id, o.name) from organizations o where id = $1
     order by 1`,
    [other],
  );
  return JSON.stringify(rows);
}

test('no route gives or changes anything of an organization to the key of another one', async () => {
  const all = await operations();
  expect(all.length).toBeGreaterThan(30);
  const answers: Record<string, number> = {};
  for (const { method, path } of all) {
    const body = bodies[`${method} ${path}`] ?? (method === 'GET' || method === 'DELETE' ? undefined : {});
    answers[`${method} ${path}`] = (await api.call(method, at(path, other), { key, ...(body && { body }) })).status;
  }
  const expected = Object.fromEntries(
    Object.keys(answers).map((name) => [
      name,
      // Never an organization's to call.
      /complete-enrichment|PUT .*widgets/.test(name) ? 403 : 404,
    ]),
  );
  expect(answers).toEqual(expected);
  expect(await theirs()).toBe(before);
});

test("no route takes another organization's ids under an organization's own path", async () => {
  const all = (await operations()).filter(
    ({ path }) => path.split('{').length > 2 && !path.endsWith('/widgets/{widgetId}'),
  );
  expect(all.length).toBeGreaterThan(15);
  const answers: Record<string, number> = {};
  for (const { method, path } of all) {
    const body = bodies[`${method} ${path}`] ?? (method === 'GET' || method === 'DELETE' ? undefined : {});
    answers[`${method} ${path}`] = (await api.call(method, at(path, own), { key, ...(body && { body }) })).status;
  }
  const expected = Object.fromEntries(
    Object.keys(answers).map((name) => [name, /complete-enrichment/.test(name) ? 403 : 404]),
  );
  expect(answers).toEqual(expected);
  expect(await theirs()).toBe(before);
});

describe("another organization's ids in a query or a body", () => {
  test('select nothing', async () => {
    const list = await api.call('GET', `/v1/organizations/${own}/deliveries?endpoint_id=${foreign.endpointId}`, {
      key,
    });
    expect(list.body.data).toEqual([]);
    const ofLead = await api.call('GET', `/v1/organizations/${own}/deliveries?lead_id=${foreign.leadId}`, { key });
    expect(ofLead.body.data).toEqual([]);
    const jobs = `/v1/organizations/${own}/jobs?endpoint_id=${foreign.endpointId}`;
    expect((await api.call('GET', jobs, { key })).body.data).toEqual([]);
    for (const path of ['/jobs', '/endpoint-health', '/attention', '/leads'])
      expect([path, (await api.call('GET', `/v1/organizations/${own}${path}`, { key })).body.data]).toEqual([path, []]);
  });

  test('are not found where they name one thing', async () => {
    const statistics = await api.call('GET', `/v1/organizations/${own}/statistics?endpoint_id=${foreign.endpointId}`, {
      key,
    });
    expect(statistics.status).toBe(404);
    const bulk = await api.call('POST', `/v1/organizations/${own}/deliveries/recover`, {
      key,
      body: { endpoint_id: foreign.endpointId, since: '2026-01-01T00:00:00Z' },
    });
    expect(bulk.status).toBe(404);
    expect(await theirs()).toBe(before);
  });

  test.each(['a time', 'nothing', 'their lead'])('a recovery by %s is of its own organization only', async (by) => {
    const body = {
      'a time': { since: '2026-01-01T00:00:00Z' },
      nothing: {},
      'their lead': { lead_id: foreign.leadId },
    }[by];
    const bulk = await api.call('POST', `/v1/organizations/${own}/deliveries/recover`, { key, ...(body && { body }) });
    expect(bulk.body).toEqual({ count: 0, endpoints: [] });
    expect(await theirs()).toBe(before);
  });
});
