import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { startApi } from '../../src/http/server.ts';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import { type Answer, startTestApi, type TestApi } from './api.ts';
import { aPartner, type Partner } from './partner.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ config: { maxEndpoints: 5 } });
});
afterAll(() => api?.stop());

/** Lists of deliveries stand still until it is ended. */
let lock: Client | undefined;
async function holdUpLists(): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: api.deps.config.databaseUrl });
  lock = client;
  await client.connect();
  await client.query('begin; lock table deliveries in access exclusive mode');
  return async () => {
    lock = undefined;
    await client.end();
  };
}
afterEach(() => lock?.end());

async function aTenant(): Promise<Partner & { key: string; otherKey: string; list(key?: string): Promise<Answer> }> {
  const partner = await aPartner(api, 'http://127.0.0.1:9/hook');
  const make = async () => (await api.call('POST', `${partner.path}/api-keys`, { body: {} })).body.key as string;
  const [key, otherKey] = [await make(), await make()];
  const list = (by = key) => api.call('GET', `${partner.path}/deliveries?event=widget.status_changed`, { key: by });
  return { ...partner, key, otherKey, list };
}

const waitingLists = () =>
  api.deps.db
    .query<{ count: number }>(
      `select count(*)::int from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
    )
    .then(([row]) => row?.count);

test("an organization's ninth slow list is refused, by whichever key, and nobody else's", async () => {
  const [tenant, other] = [await aTenant(), await aTenant()];
  const mend = await holdUpLists();
  const slow = Array.from({ length: 8 }, () => tenant.list());
  await eventually(async () => expect(await waitingLists()).toBe(8));

  for (const key of [tenant.key, tenant.otherKey]) {
    const { status, body, headers } = await tenant.list(key);
    expect([status, body.type, headers.get('retry-after')]).toEqual([429, 'urn:spark360:error:too_many_reads', '1']);
  }
  expect((await api.call('GET', tenant.endpointPath, { key: tenant.key })).status).toBe(200);
  expect((await api.call('GET', `${other.path}/leads`, { key: other.key })).status).toBe(200);

  await mend();
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect((await tenant.list()).status).toBe(200);
});

test('slow lists of two organizations stop neither intake nor health, and end in Postgres when the API gives up on them', async () => {
  const tenants = [await aTenant(), await aTenant()];
  const mend = await holdUpLists();
  const slow = tenants.flatMap((tenant) => Array.from({ length: 8 }, () => tenant.list()));
  await eventually(async () => expect(await waitingLists()).toBe(16));

  expect((await api.call('POST', '/v1/events', { body: aLead(randomUUID()).created() })).status).toBe(202);
  expect((await api.call('GET', '/readyz', { key: null })).status).toBe(200);
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(Array(16).fill(503));
  await eventually(async () => expect(await waitingLists()).toBe(0));
  await mend();
});

test('a caller that hangs up makes no room for its next slow list', async () => {
  const tenant = await aTenant();
  const mend = await holdUpLists();
  const hangUp = new AbortController();
  const request = { signal: hangUp.signal, headers: { authorization: `Bearer ${tenant.key}` } };
  const lists = Array.from({ length: 8 }, () =>
    fetch(`${api.url}${tenant.path}/deliveries`, request).catch(() => undefined),
  );
  await eventually(async () => expect(await waitingLists()).toBe(8));
  hangUp.abort();
  await Promise.all(lists);
  expect((await tenant.list()).status).toBe(429);
  await mend();
  await eventually(async () => expect((await tenant.list()).status).toBe(200));
});

test('an organization has no more endpoints than the operator allows, however many are asked for at once', async () => {
  const { path, key, endpointPath } = await aTenant();
  const make = () => api.call('POST', `${path}/endpoints`, { key, body: { url: 'http://127.0.0.1:9/hook' } });
  const made = await Promise.all(Array.from({ length: 12 }, make));
  const statuses = made.map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(4);
  const refused = made.filter(({ status }) => status !== 201);
  expect(refused.map(({ status, body }) => [status, body.type])).toEqual(
    Array(8).fill([409, 'urn:spark360:error:too_many_endpoints']),
  );
  await api.deps.db.execute('update endpoints set deleted_at = now() where id = $1', [endpointPath.split('/').at(-1)]);
  expect((await make()).status).toBe(201);
});

test('an organization has at most a hundred keys, and a deleted one makes room', async () => {
  const { path } = await aTenant();
  const make = async () => (await api.call('POST', `${path}/api-keys`, { body: {} })) as Answer;
  for (let made = 2; made < 97; made += 1) expect((await make()).status).toBe(201);
  const last = await Promise.all(Array.from({ length: 6 }, make));
  expect(last.map(({ status }) => status).sort()).toEqual([201, 201, 201, 409, 409, 409]);
  expect(last.find(({ status }) => status === 409)?.body.type).toBe('urn:spark360:error:too_many_api_keys');
  const unused = last.find(({ status }) => status === 201)?.body.id as string;
  expect((await api.call('DELETE', `${path}/api-keys/${unused}`)).status).toBe(204);
  expect((await make()).status).toBe(201);
});

test('of two hundred probes at once one in a second asks Temporal', async () => {
  const startedAt = performance.now();
  let asked = 0;
  const temporalReady = () => {
    asked += 1;
    return api.deps.temporalReady();
  };
  const { url, close } = await startApi({ ...api.deps, temporalReady });
  const probes = await Promise.all(Array.from({ length: 200 }, () => fetch(`${url}/readyz`)));
  expect(new Set(probes.map(({ status }) => status))).toEqual(new Set([200]));
  expect(asked).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - startedAt) / 1_000));
  await close();
});
