import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startTestApi, type TestApi } from './api.ts';
import { aPartner, publish } from './partner.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ worker: true, config: { retryScheduleMs: [600_000, 3_600_000] } });
});
let receiver: Receiver;
afterEach(() => receiver?.close());
afterAll(() => api?.stop());

// biome-ignore lint/suspicious/noExplicitAny: a delivery as the API writes it
type Delivery = any;
const deliveriesOf = async (path: string): Promise<Delivery[]> =>
  (await api.call('GET', `${path}/deliveries`)).body.data.toSorted(
    (a: Delivery, b: Delivery) => a.created_at.localeCompare(b.created_at) || a.sequence - b.sequence,
  );
const eventuallyReasons = (path: string, expected: (string | null)[]): Promise<Delivery[]> =>
  eventually(async () => {
    const found = await deliveriesOf(path);
    expect(found.map(({ waiting_for }) => waiting_for?.reason ?? null)).toEqual(expected);
    return found;
  });

test('a retry says until when, what is behind it says for what, and a pause says so of both', async () => {
  receiver = await startReceiver(() => ({ status: 500 }));
  const partner = await aPartner(api, receiver.url);
  const lead = aLead(partner.organization);
  await publish(api, lead.created(), lead.personal({ enriched: true }));
  const [first, second, third] = await eventuallyReasons(partner.path, [
    'retry',
    'earlier_delivery',
    'earlier_delivery',
  ]);
  expect(first.waiting_for).toEqual({
    reason: 'retry',
    until: first.next_attempt_at,
    attempt: 2,
    attempts: 3,
    sentence: expect.stringMatching(/^Attempt 2 of 3 goes out at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$/),
  });
  expect(second.waiting_for).toEqual({
    reason: 'earlier_delivery',
    delivery_id: first.id,
    sentence: 'Goes out right after lead.address_preview, sequence 1, is delivered or abandoned.',
  });
  expect(third.waiting_for.delivery_id).toBe(second.id);

  const { body } = await api.call('GET', `${partner.path}/leads/${lead.leadId}`);
  expect(body.deliveries.map((delivery: Delivery) => delivery.waiting_for)).toEqual([
    first.waiting_for,
    second.waiting_for,
    third.waiting_for,
  ]);
  expect((await api.call('GET', `${partner.path}/deliveries/${second.id}`)).body).toEqual(second);

  await api.call('POST', `${partner.endpointPath}/pause`);
  const paused = await eventuallyReasons(partner.path, Array<string>(3).fill('endpoint_paused'));
  expect(paused[0].waiting_for.sentence).toContain('paused by hand');
});

test('what is under way waits for nothing; what its endpoint has no slot for says so, until it has', async () => {
  receiver = await startReceiver(() => ({ hang: true }));
  const partner = await aPartner(api, receiver.url, { max_in_flight: 1 });
  const [first, second] = [aLead(partner.organization), aLead(partner.organization)];
  await publish(api, first.created());
  await eventuallyReasons(partner.path, [null]);
  await publish(api, second.created());
  await eventually(async () => {
    const [, queued] = await eventuallyReasons(partner.path, [null, 'slot']);
    expect(queued.waiting_for.sentence).toContain('as many attempts are under way as the endpoint takes');
  });
});
