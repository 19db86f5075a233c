import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openDatabase } from '../../src/db/pool.ts';
import { startApi } from '../../src/http/server.ts';
import { aLead } from '../support/lead-events.ts';
import { operatorKey, startTestApi, type TestApi } from './api.ts';

/** Accepts connections and never says a word. */
let silent: Server;
const sockets = new Set<Socket>();
let api: TestApi;
beforeAll(async () => {
  silent = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  api = await startTestApi();
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  silent?.close();
  await api?.stop();
});

const silentPort = () => (silent.address() as AddressInfo).port;

async function send(url: string, method: string, path: string, body?: unknown) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { response, body: JSON.parse(await response.text()) as Record<string, unknown> };
}

describe.each([
  ['refuses connections', () => 1],
  ['accepts connections and is silent', silentPort],
])('Postgres %s', (_how, port) => {
  test('a call answers 503 with Retry-After, soon, and health tells the part', async () => {
    const db = openDatabase(`postgres://nobody@127.0.0.1:${port()}/nothing`, 2, () => undefined);
    const { url, close } = await startApi({ ...api.deps, db, reads: db });
    try {
      for (const [method, path, body] of [
        ['POST', '/v1/events', aLead(randomUUID()).created()],
        ['GET', '/v1/organizations', undefined],
      ] as const) {
        const { response, body: problem } = await send(url, method, path, body);
        expect(response.status).toBe(503);
        expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(problem).toMatchObject({ type: 'urn:spark360:error:unavailable', errors: [{ path: 'postgres' }] });
      }
      const ready = await send(url, 'GET', '/readyz');
      expect(ready.response.status).toBe(503);
      expect(ready.body).toMatchObject({ errors: [{ path: 'postgres', message: 'not available' }] });
      expect((await send(url, 'GET', '/healthz')).response.status).toBe(200);
    } finally {
      await close();
      for (const socket of sockets) socket.destroy();
      await db.close();
    }
  });
});

describe.each([
  ['refuses connections', () => 1],
  ['accepts connections and is silent', silentPort],
])('Temporal %s', (_how, port) => {
  test('events answer 503 with Retry-After, soon, nothing is in the ledger, and reads go on', async () => {
    const away = await startTestApi({ config: { temporalAddress: `127.0.0.1:${port()}` } });
    try {
      const organization = randomUUID();
      await away.call('PUT', `/v1/organizations/${organization}`, { body: {} });
      const event = aLead(organization).created();
      const { status, headers, body } = await away.call('POST', '/v1/events', {
        body: [event, aLead(organization).created()],
      });
      expect(status).toBe(503);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(body).toMatchObject({ type: 'urn:spark360:error:unavailable', errors: [{ path: 'temporal' }] });
      expect(await away.deps.db.query('select 1 from inbound_events')).toEqual([]);
      expect((await away.call('GET', `/v1/organizations/${organization}/leads`)).status).toBe(200);
      const ready = await away.call('GET', '/readyz', { key: null });
      expect(ready.status).toBe(503);
      expect(ready.body).toMatchObject({ errors: [{ path: 'temporal', message: 'not available' }] });
    } finally {
      await away.stop();
    }
  });
});

test('a lead is read without its live state when its workflow does not answer', async () => {
  const lead = aLead(randomUUID());
  await api.call('PUT', `/v1/organizations/${lead.organizationId}`, { body: {} });
  await api.call('POST', '/v1/events', { body: lead.created() });
  const { connection } = api.deps.temporal;
  // No worker runs here, so the query waits until its deadline.
  const leadState = (organization: string, id: string) =>
    connection.withDeadline(Date.now() + 1_000, () => api.deps.client.leadState(organization, id));
  const { url, close } = await startApi({ ...api.deps, client: { ...api.deps.client, leadState } });
  const path = `/v1/organizations/${lead.organizationId}/leads/${lead.leadId}`;
  const { response, body } = await send(url, 'GET', path);
  await close();
  expect(response.status).toBe(200);
  expect(body).toMatchObject({ stage: 'new', state: null, steps: [{ outcome: 'accepted', name: 'address' }] });
});

test('with everything there, it is ready', async () => {
  const { status, body } = await api.call('GET', '/readyz', { key: null });
  expect(status).toBe(200);
  expect(body).toEqual({ status: 'ready', postgres: 'ok', temporal: 'ok' });
});

test('a defect is a 500 without detail', async () => {
  const codec = { encode: () => Promise.reject(new Error('secret detail')), decode: api.deps.codec.decode };
  const { url, close } = await startApi({ ...api.deps, codec });
  const { response, body } = await send(url, 'POST', '/codec/encode', { payloads: [] });
  await close();
  expect(response.status).toBe(500);
  expect(body).toMatchObject({ type: 'urn:spark360:error:internal', errors: [] });
  expect(JSON.stringify(body)).not.toContain('secret detail');
});
