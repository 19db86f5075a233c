import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from '../http/api.ts';
import { operatorKey } from '../http/call.ts';
import { aPartner, everyLeadEvent, type Partner, untilDeliveries } from '../http/partner.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { Person } from './spark360.ts';

let api: TestApi;
let receiver: Receiver;
let partner: Partner;
let person: Person;
beforeAll(async () => {
  api = await startTestApi({ worker: true });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  partner = await aPartner(api, receiver.url, { mode: 'sandbox' });
  person = new Person({
    SPARK360_API_URL: api.url,
    SPARK360_API_KEY: operatorKey,
    SPARK360_ORGANIZATION: partner.organization,
  });
});
afterEach(async () => {
  await receiver.close();
  person.forget();
});

test('trigger journey plays a sandbox lead: every event arrives, in order', async () => {
  const { json, code } = await person.run(['trigger', 'journey', '--json']);
  expect({ code, json }).toMatchObject({ code: 0, json: { mode: 'sandbox', steps: 4 } });
  await untilDeliveries(api, partner, ['delivered', 'delivered', 'delivered', 'delivered']);
  expect(receiver.eventNames()).toEqual(everyLeadEvent);
});

test("an event's name plays what makes it due; --lead goes on with that lead", async () => {
  const { json } = await person.run(['trigger', 'lead.enriched', '--json']);
  await untilDeliveries(api, partner, ['delivered', 'delivered', 'delivered']);
  const next = await person.run(['trigger', 'lead.contact_requested', '--lead', json.lead_id, '--json']);
  expect(next.json).toMatchObject({ lead_id: json.lead_id, steps: 1 });
  await untilDeliveries(api, partner, ['delivered', 'delivered', 'delivered', 'delivered']);
  expect(receiver.eventNames()).toEqual(everyLeadEvent);
});

test.each([
  ['an unknown event', ['trigger', 'lead.sold'], 2],
  ['a lead that is no id', ['trigger', 'lead.address_preview', '--lead', 'x'], 2],
])('%s is refused, and nothing is sent', async (_, args, code) => {
  expect((await person.run(args)).code).toBe(code);
  const { body } = await api.call('GET', `${partner.path}/leads`);
  expect(body.data).toEqual([]);
});

test("an organization's key may not trigger", async () => {
  const { body } = await api.call('POST', `${partner.path}/api-keys`, { body: {} });
  const environment = { SPARK360_API_KEY: body.key };
  expect((await person.run(['trigger', 'journey', '--lead', randomUUID()], { environment })).code).toBe(3);
});
