import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { verifySignatures } from '../support/signatures.ts';
import { startTestApi, type TestApi } from './api.ts';
import { addEndpoint, aPartner, deliveriesAt, everyLeadEvent, publish, untilDeliveries } from './partner.ts';

let api: TestApi;
let receiver: Receiver;
let moved: Receiver;
beforeAll(async () => {
  api = await startTestApi({ worker: true, config: { retryScheduleMs: [300, 300, 300, 300] } });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  [receiver, moved] = await Promise.all([startReceiver(), startReceiver()]);
});
afterEach(async () => {
  await Promise.all([receiver?.close(), moved?.close()]);
});

const sequences = ({ requests }: Receiver) => requests.map(({ headers }) => headers['x-spark360-sequence']);

test('pause and resume give the endpoint, may be repeated, and lose nothing', async () => {
  const partner = await aPartner(api, receiver.url);
  for (let time = 0; time < 2; time += 1) {
    const paused = await api.call('POST', `${partner.endpointPath}/pause`);
    expect(paused.status).toBe(200);
    expect(paused.body).toMatchObject({ id: partner.endpoint, status: 'paused', paused_reason: 'manual' });
    expect(paused.body).not.toHaveProperty('secret');
  }
  const lead = aLead(partner.organization);
  await publish(api, lead.created(), lead.personal({ enriched: true }));
  await untilDeliveries(api, partner, ['held', 'held', 'held']);
  await sleep(200);
  expect(receiver.requests).toHaveLength(0);

  for (let time = 0; time < 2; time += 1) {
    const resumed = await api.call('POST', `${partner.endpointPath}/resume`);
    expect(resumed.status).toBe(200);
    expect(resumed.body).toMatchObject({ id: partner.endpoint, status: 'active', paused_reason: null });
  }
  await untilDeliveries(api, partner, ['delivered', 'delivered', 'delivered']);
  expect(sequences(receiver)).toEqual(['1', '2', '3']);
});

test('a deleted endpoint answers 404 to everything, and what waited there is abandoned', async () => {
  const partner = await aPartner(api, receiver.url);
  receiver.answer({ status: 503, headers: { 'retry-after': '3600' } });
  const lead = aLead(partner.organization);
  await publish(api, lead.created(), lead.personal({ enriched: true }));
  await untilDeliveries(api, partner, ['retrying', 'pending', 'pending']);
  expect((await api.call('DELETE', partner.endpointPath)).status).toBe(204);
  await untilDeliveries(api, partner, Array(3).fill('abandoned: endpoint_deleted'));
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/rotate-secret'],
    ['POST', '/test'],
  ] as const) {
    expect((await api.call(method, `${partner.endpointPath}${path}`)).status).toBe(404);
  }
  // The lead that slept behind it has nothing left to do there, and goes on with what comes.
  await publish(api, lead.contact());
  await eventually(async () => {
    const { body } = await api.call('GET', `${partner.path}/leads/${lead.leadId}`);
    expect(body).toMatchObject({ stage: 'contact_requested', events: Array(4).fill({ event_id: expect.any(String) }) });
  });
  expect(await deliveriesAt(api, partner)).toHaveLength(3);
  expect(receiver.requests).toHaveLength(1);
});

test('a new URL counts from the next attempt on: the same bytes, number and secret go there', async () => {
  const partner = await aPartner(api, receiver.url);
  receiver.answer({ status: 500 });
  const lead = aLead(partner.organization);
  await publish(api, lead.created());
  await eventually(() => expect(receiver.requests).toHaveLength(1));
  expect((await api.call('PATCH', partner.endpointPath, { body: { url: moved.url } })).status).toBe(200);
  await untilDeliveries(api, partner, ['delivered']);
  await publish(api, lead.personal({ enriched: true }));
  await untilDeliveries(api, partner, ['delivered', 'delivered', 'delivered']);

  expect(receiver.requests).toHaveLength(1);
  const [old, first] = [receiver.requests[0], moved.requests[0]];
  expect(first?.rawBody).toEqual(old?.rawBody);
  expect(first?.headers).toMatchObject({ 'x-spark360-attempt': '2', 'x-spark360-sequence': '1' });
  expect(first?.headers['x-spark360-delivery']).toBe(old?.headers['x-spark360-delivery']);
  for (const request of moved.requests) verifySignatures(partner.secret, request);
  expect(sequences(moved)).toEqual(['1', '2', '3']);
});

test('another choice of events counts from the next emission on: what was emitted still goes', async () => {
  const partner = await aPartner(api, receiver.url);
  receiver.answer({ status: 500 });
  const lead = aLead(partner.organization);
  await publish(api, lead.created());
  await eventually(() => expect(receiver.requests).toHaveLength(1));
  const changed = await api.call('PATCH', partner.endpointPath, { body: { events: ['lead.contact_requested'] } });
  expect(changed.body.events).toEqual(['lead.enriched', 'lead.contact_requested']);
  receiver.answer({});
  await publish(api, lead.personal({ enriched: true }), lead.contact());
  const shown = await untilDeliveries(api, partner, ['delivered', 'delivered', 'delivered']);
  expect(shown.map(({ event, sequence }) => `${sequence} ${event}`)).toEqual([
    '1 lead.address_preview',
    '2 lead.enriched',
    '3 lead.contact_requested',
  ]);
  const late = aLead(partner.organization);
  await publish(api, late.created());
  await eventually(async () => {
    const { body } = await api.call('GET', `${partner.path}/leads/${late.leadId}`);
    expect(body).toMatchObject({ events: [{ event: 'lead.address_preview' }], deliveries: [] });
  });
});

test('an endpoint added in the middle of a lead gets what is emitted from then on, from sequence 1', async () => {
  const partner = await aPartner(api, receiver.url);
  const lead = aLead(partner.organization);
  await publish(api, lead.created());
  await untilDeliveries(api, partner, ['delivered']);
  const added = { path: partner.path, endpoint: (await addEndpoint(api, partner.organization, moved.url)).id };
  await publish(api, lead.personal({ enriched: true }));
  await untilDeliveries(api, partner, Array(3).fill('delivered'));
  await untilDeliveries(api, added, Array(2).fill('delivered'));
  expect(moved.eventNames()).toEqual(['lead.enriched', 'lead.rental_alert']);
  expect(sequences(moved)).toEqual(['1', '2']);
  expect(moved.requests[0]?.rawBody).toEqual(receiver.requests[1]?.rawBody);
});

test('two endpoints with the same URL are two: each has its deliveries, its secret, its order and its pause', async () => {
  const partner = await aPartner(api, receiver.url);
  const twin = await addEndpoint(api, partner.organization, receiver.url);
  await api.call('POST', `${partner.path}/endpoints/${twin.id}/pause`);
  const lead = aLead(partner.organization);
  await publish(api, lead.created(), lead.personal({ enriched: true }));
  await untilDeliveries(api, partner, Array(3).fill('delivered'));
  await untilDeliveries(api, { path: partner.path, endpoint: twin.id }, Array(3).fill('held'));
  await api.call('POST', `${partner.path}/endpoints/${twin.id}/resume`);
  const shown = await untilDeliveries(api, { path: partner.path, endpoint: twin.id }, Array(3).fill('delivered'));

  expect(sequences(receiver)).toEqual(['1', '2', '3', '1', '2', '3']);
  for (const request of receiver.requests.slice(0, 3)) verifySignatures(partner.secret, request);
  for (const request of receiver.requests.slice(3)) verifySignatures(twin.secret, request);
  expect(receiver.requests.slice(3).map(({ headers }) => headers['x-spark360-delivery'])).toEqual(
    shown.map(({ id }) => id),
  );
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
});

test('an organization without endpoints: its leads live and emit, and nothing is delivered', async () => {
  const partner = await aPartner(api, receiver.url);
  await api.call('DELETE', partner.endpointPath);
  const lead = aLead(partner.organization);
  await publish(api, lead.created(), lead.personal({ enriched: true }), lead.contact());
  await eventually(async () => {
    const { body } = await api.call('GET', `${partner.path}/leads/${lead.leadId}`);
    expect(body.stage).toBe('contact_requested');
    expect(body.events.map(({ event }: { event: string }) => event).sort()).toEqual([...everyLeadEvent].sort());
    expect(body.deliveries).toEqual([]);
  });
  expect(receiver.requests).toHaveLength(0);
});
