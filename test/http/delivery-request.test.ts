import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startTestApi, type TestApi } from './api.ts';

let api: TestApi;
let receiver: Receiver;
let organizationId: string;
let otherId: string;
let endpointId: string;
let secret: string;
let delivery: { id: string; attempts: { id: string }[] };

beforeAll(async () => {
  api = await startTestApi({ worker: true });
  receiver = await startReceiver({ status: 204 });
  organizationId = await anOrganization(api.deps);
  otherId = await anOrganization(api.deps);
  ({ id: endpointId, secret } = await anEndpoint(api.deps, organizationId, `${receiver.url}/hook`));
  await api.call('POST', '/v1/events', { body: aLead(organizationId).created() });
  await eventually(async () => {
    const { body } = await api.call('GET', `/v1/organizations/${organizationId}/deliveries?status=delivered`);
    delivery = body.data[0];
    expect(delivery?.attempts).toHaveLength(1);
  });
});
afterAll(async () => {
  await api?.stop();
  await receiver?.close();
});

const request = (query = '', organization = organizationId) =>
  api.call('GET', `/v1/organizations/${organization}/deliveries/${delivery.id}/request${query}`);

test('the request of an attempt is what the receiver got: every header of ours, and every byte', async () => {
  const { body } = await request(`?attempt_id=${delivery.attempts[0]?.id}`);
  const [received] = receiver.requests;
  expect(body.body).toBe(received?.rawBody.toString('utf8'));
  expect(body.url).toBe(`${receiver.url}/hook`);
  for (const [name, value] of Object.entries(body.headers))
    expect([name, received?.headers[name.toLowerCase()]]).toEqual([name, value]);
});

test('without an attempt it is signed now, by both schemes, as a resend', async () => {
  const { body } = await request();
  expect(new Webhook(secret).verify(body.body, body.headers)).toMatchObject({ event: 'lead.address_preview' });
  expect(body.headers['X-Spark360-Signature']).toBe(
    `sha256=${createHmac('sha256', secret).update(body.body).digest('hex')}`,
  );
  expect(body.headers).toMatchObject({ 'X-Spark360-Attempt': '2', 'X-Spark360-Resend': 'true' });
  expect(JSON.stringify(body)).not.toContain(secret);
});

test("another organization's delivery, an attempt of another and an unknown one are not found", async () => {
  expect((await request('', otherId)).status).toBe(404);
  expect((await request(`?attempt_id=${delivery.id}`)).status).toBe(404);
  expect((await request('?attempt_id=1')).status).toBe(400);
});

test('an endpoint that is gone signs nothing', async () => {
  await api.call('DELETE', `/v1/organizations/${organizationId}/endpoints/${endpointId}`);
  const answer = await request();
  expect(answer.status).toBe(409);
  expect(answer.body.type).toBe('urn:spark360:error:endpoint_deleted');
});
