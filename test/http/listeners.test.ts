import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { listeners } from '../../src/db/listeners.ts';
import { openNotifications } from '../../src/db/notifications.ts';
import { ListenerStreams } from '../../src/http/listener-streams.ts';
import { type ListeningApi, startApi } from '../../src/http/server.ts';
import { aLead } from '../support/lead-events.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApi, type TestApi } from './api.ts';
import { call, operatorKey } from './call.ts';
import { openStream, type StreamedRequest as Request } from './listener-stream.ts';
import { aPartner, deliveriesAt, type Partner, publish, untilDeliveries } from './partner.ts';

let api: TestApi;
/** Another process that serves the API, as far as one test can have it. */
let replica: ListeningApi;
let partner: Partner;
let endpoint: string;
let path: string;
beforeAll(async () => {
  api = await startTestApi({ worker: true, config: { attemptTimeoutMs: 2_000 } });
  replica = await startApi(api.deps);
});
afterAll(async () => {
  await replica?.close();
  await api?.stop();
});
beforeEach(async () => {
  partner = await aPartner(api, 'http://127.0.0.1:9');
  const made = await api.call('POST', `${partner.path}/endpoints/listen`, { body: { name: 'laptop' } });
  expect(made).toMatchObject({ status: 201, body: { kind: 'listener', mode: 'sandbox', lease_seconds: 60 } });
  endpoint = made.body.id;
  path = `${partner.path}/endpoints/${endpoint}`;
});
const streams: ClientRequest[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.destroy();
});

async function open(url = api.url): Promise<Request[]> {
  const { stream, requests } = await openStream(`${url}${path}/requests`, operatorKey);
  streams.push(stream);
  return requests;
}

const answer = (request: Request | undefined, body: object, url = api.url) =>
  call(`${url}${path}/requests/${request?.id}`, 'POST', { body });
const ok = { status_code: 200 };
const aSandboxLead = async () => {
  const lead = aLead(partner.organization, { mode: 'sandbox' });
  await publish(api, lead.created(), lead.personal({ enriched: true }));
  return lead;
};
const firstOf = (requests: Request[]) =>
  eventually(() => {
    const [first] = requests;
    if (first === undefined) throw new Error('nothing has arrived');
    return first;
  });
const at = () => ({ ...partner, endpoint });
const underWay = () => api.deps.db.query('select id from listener_requests where endpoint_id = $1', [endpoint]);

test('the stream may be with one process, the answer with another', async () => {
  const requests = await open(replica.url);
  await aSandboxLead();
  const request = await firstOf(requests);
  expect(request.headers).toMatchObject({ 'X-Spark360-Event': 'lead.enriched', 'X-Spark360-Sequence': '1' });
  expect((await answer(request, ok)).status).toBe(204);
  await untilDeliveries(api, at(), ['delivered']);
  expect(await underWay()).toEqual([]);
});

test('of two streams the one opened last gets what is sent', async () => {
  const [former, latter] = [await open(), await open(replica.url)];
  await aSandboxLead();
  await answer(await firstOf(latter), ok);
  await untilDeliveries(api, at(), ['delivered']);
  expect(former).toEqual([]);
});

test('what was left before the stream began is taken when it begins', async () => {
  await aSandboxLead();
  await eventually(async () => expect(await underWay()).toHaveLength(1));
  await answer(await firstOf(await open()), ok);
  await untilDeliveries(api, at(), ['delivered']);
});

test('a request that is not answered is a timeout, and nothing of it is left; an answer then is a 404', async () => {
  const requests = await open();
  await aSandboxLead();
  const request = await firstOf(requests);
  await eventually(async () =>
    expect((await deliveriesAt(api, at()))[0]?.attempts[0]).toMatchObject({
      status_code: null,
      error: 'timeout: No response within 2 s.',
    }),
  );
  expect((await answer(request, ok)).status).toBe(404);
  await answer(await firstOf(requests.slice(1).length > 0 ? requests.slice(1) : await open()), ok);
});

test('an answer counts once', async () => {
  await aSandboxLead();
  const request = await firstOf(await open());
  expect((await answer(request, { status_code: 500, body: 'no' })).status).toBe(204);
  expect((await answer(request, ok)).status).toBe(404);
  await eventually(async () =>
    expect((await deliveriesAt(api, at()))[0]?.attempts[0]).toMatchObject({ status_code: 500, response_body: 'no' }),
  );
});

test('connections that hear of requests and answers may be lost: what came meanwhile is found', async () => {
  const requests = await open();
  await aSandboxLead();
  const request = await firstOf(requests);
  await api.deps.db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'spark360-events notifications' and datname = current_database()`,
  );
  expect((await answer(request, ok)).status).toBe(204);
  await aSandboxLead();
  await eventually(() => expect(requests.length).toBeGreaterThan(1));
  await answer(requests.at(-1), ok);
  await untilDeliveries(api, at(), ['delivered', 'delivered']);
});

test.each([
  ['neither a status nor an error', {}],
  ['both', { status_code: 200, error: { class: 'connect', message: 'x' } }],
  ['a status that is none', { status_code: 99 }],
  ['a class that is ours to give', { status_code: null, error: { class: 'blocked_address', message: 'x' } }],
  ['a body beyond 4 KiB', { status_code: 200, body: 'x'.repeat(4_097) }],
])('an answer with %s is refused, and the attempt waits on', async (_, body) => {
  await aSandboxLead();
  const request = await firstOf(await open());
  expect((await answer(request, body)).status).toBe(422);
  expect((await answer(request, ok)).status).toBe(204);
});

test.each([
  ['POST', 'lease'],
  ['GET', 'requests'],
  ['POST', 'requests/24fbef40-6b30-4a59-88b8-41622b2494df'],
])("%s %s is for the listener's organization, and for listeners", async (method, what) => {
  const other = await aPartner(api, 'http://127.0.0.1:9');
  const { body } = await api.call('POST', `${other.path}/api-keys`, { body: {} });
  const ingest = (await api.call('POST', '/v1/api-keys', { body: { role: 'ingest' } })).body.key;
  const as = (key: string | null, url: string) =>
    api.call(method, url, { key, ...(what.startsWith('requests/') && { body: ok }) });
  expect((await as(null, `${path}/${what}`)).status).toBe(401);
  expect((await as(ingest, `${path}/${what}`)).status).toBe(403);
  expect((await as(body.key, `${path}/${what}`)).status).toBe(404);
  expect((await as(body.key, `${other.path}/endpoints/${endpoint}/${what}`)).status).toBe(404);
  expect((await as(operatorKey, `${partner.endpointPath}/${what}`)).status).toBe(404);
});

test('no other call makes a listener, or gives one an address', async () => {
  const url = `listener://${randomUUID()}`;
  expect((await api.call('POST', `${partner.path}/endpoints`, { body: { url } })).status).toBe(422);
  expect((await api.call('PATCH', partner.endpointPath, { body: { url } })).status).toBe(422);
  const moved = await api.call('PATCH', path, { body: { url: 'https://crm.example' } });
  expect(moved).toMatchObject({ status: 422, body: { errors: [{ path: 'url' }] } });
});

test('a deleted listener leaves nothing behind', async () => {
  await aSandboxLead();
  await eventually(async () => expect(await underWay()).toHaveLength(1));
  expect((await api.call('DELETE', path)).status).toBe(204);
  expect(await underWay()).toEqual([]);
  expect((await api.call('POST', `${path}/lease`)).status).toBe(404);
});

test("an erased lead's request is gone too", async () => {
  const lead = await aSandboxLead();
  await eventually(async () => expect(await underWay()).toHaveLength(1));
  expect((await api.call('DELETE', `${partner.path}/leads/${lead.leadId}`)).status).toBe(204);
  expect(await underWay()).toEqual([]);
});

test('a test of a listener that is gone says so, and pauses nothing', async () => {
  await api.deps.db.execute('update listeners set lease_expires_at = now() where endpoint_id = $1', [endpoint]);
  expect((await api.call('POST', `${path}/test`)).body).toMatchObject({
    status_code: null,
    error: 'connect: No listener is connected.',
  });
  expect((await api.call('GET', path)).body.status).toBe('active');
});

test('a stream that ended and whose lease was not renewed pauses the endpoint; the next renewal resumes it', async () => {
  const { db, notifications, operations } = api.deps;
  const repository = listeners(db);
  const streaming = new ListenerStreams({
    listeners: repository,
    notifications,
    onLost: async (id) => {
      if (await repository.isLost(id)) await operations.pause(id, 'listener_lost');
    },
    onError: (error) => {
      throw error;
    },
    lostAfterMs: 100,
  });
  const server = createServer((_, response) => {
    void streaming.serve(partner.organization, endpoint, () => response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stream = get(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  stream.on('error', () => undefined);
  await once(stream, 'response');
  await db.execute('update listeners set lease_expires_at = now() where endpoint_id = $1', [endpoint]);
  stream.destroy();
  const shown = async () => (await api.call('GET', path)).body;
  await eventually(async () =>
    expect(await shown()).toMatchObject({ status: 'paused', paused_reason: 'listener_lost' }),
  );
  expect((await api.call('POST', `${path}/lease`)).status).toBe(200);
  expect((await shown()).status).toBe('active');
  server.closeAllConnections();
  server.close();
});

test('a name whose listener has its stream, or has none yet, is another endpoint; once it ended its stream, the same', async () => {
  const subscribe = async () =>
    (await api.call('POST', `${partner.path}/endpoints/listen`, { body: { name: 'laptop' } })).body.id;
  const second = await subscribe();
  expect(second).not.toBe(endpoint);
  await open();
  expect(await subscribe()).not.toBe(endpoint);
  streams.pop()?.destroy();
  await eventually(async () => expect(await subscribe()).toBe(endpoint));
});

test('a stream that the service ended says nothing of its listener', async () => {
  await open();
  await open();
  const ended = await api.deps.db.query('select stream_id from listeners where endpoint_id = $1', [endpoint]);
  expect(ended).not.toEqual([{ stream_id: '00000000-0000-0000-0000-000000000000' }]);
});

test('what a person paused stays paused when the lease is renewed', async () => {
  await api.call('POST', `${path}/pause`);
  await api.call('POST', `${path}/lease`);
  expect((await api.call('GET', path)).body).toMatchObject({ status: 'paused', paused_reason: 'manual' });
});

test('a stream that could not hear of requests is a 503', async () => {
  const notifications = openNotifications('postgres://127.0.0.1:9/nothing', () => undefined);
  const deaf = await startApi({ ...api.deps, notifications });
  expect((await call(`${deaf.url}${path}/requests`, 'GET')).status).toBe(503);
  await deaf.close();
  await notifications.close();
});

test('a process that stops ends its streams, and waits for none', async () => {
  const another = await startApi(api.deps);
  await open(another.url);
  await another.close();
});
