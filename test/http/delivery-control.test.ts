import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { operations } from '../../src/operations/operations.ts';
import { aLead } from '../support/lead-events.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startTestApi, type TestApi } from './api.ts';
import { aPartner, type Partner, publish, untilDeliveries } from './partner.ts';

let api: TestApi;
let receiver: Receiver;
let partner: Partner;
beforeAll(async () => {
  api = await startTestApi({ worker: true, config: { retryScheduleMs: [50, 50, 50, 50] } });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  partner = await aPartner(api, receiver.url);
});
afterEach(() => receiver?.close());

const act = (action: 'resend' | 'skip', id: string | undefined) =>
  api.call('POST', `${partner.path}/deliveries/${id}/${action}`);
const show = async (id: string | undefined) => (await api.call('GET', `${partner.path}/deliveries/${id}`)).body;

test('a resend gives the delivery at once, and makes one attempt outside the order', async () => {
  receiver.answer({ status: 400 });
  await publish(api, aLead(partner.organization).created());
  const [{ id } = { id: '' }] = await untilDeliveries(api, partner, ['abandoned: rejected']);

  // A failure changes nothing.
  receiver.answer({ status: 500, body: 'still ill' });
  const failed = await act('resend', id);
  expect(failed.status).toBe(202);
  expect(failed.body).toMatchObject({ id, status: 'abandoned', reason: 'rejected', sequence: 1 });
  await eventually(async () =>
    expect(await show(id)).toMatchObject({
      status: 'abandoned',
      reason: 'rejected',
      attempts: [{ number: 1 }, { number: 2, status_code: 500, response_body: 'still ill' }],
    }),
  );
  // A success makes an abandoned one delivered.
  receiver.answer({});
  await eventually(async () => expect((await act('resend', id)).status).toBe(202));
  await eventually(async () =>
    expect(await show(id)).toMatchObject({ status: 'delivered', reason: null, delivered_at: expect.any(String) }),
  );
  // A delivered one stays what it is.
  const { delivered_at } = await show(id);
  await eventually(async () => expect((await act('resend', id)).status).toBe(202));
  await eventually(async () => expect((await show(id)).attempts).toHaveLength(4));
  expect(await show(id)).toMatchObject({ status: 'delivered', delivered_at });
  expect(receiver.requests.map(({ headers }) => [headers['x-spark360-attempt'], headers['x-spark360-resend']])).toEqual(
    [
      ['1', undefined],
      ['2', 'true'],
      ['3', 'true'],
      ['4', 'true'],
    ],
  );
});

test('while one resend is under way another is a 409', async () => {
  await publish(api, aLead(partner.organization).created());
  const [{ id } = { id: '' }] = await untilDeliveries(api, partner, ['delivered']);
  receiver.answer({ delayMs: 800 });
  expect((await act('resend', id)).status).toBe(202);
  const second = await act('resend', id);
  expect(second.status).toBe(409);
  expect(second.body.type).toBe('urn:spark360:error:resend_under_way');
  await eventually(async () => expect((await show(id)).attempts).toHaveLength(2));
});

test('skipping the head lets what is behind it go at once; it is a 409 once the delivery is settled', async () => {
  receiver.answer({ status: 503, headers: { 'retry-after': '3600' } });
  const lead = aLead(partner.organization);
  await publish(api, lead.created());
  const [{ id } = { id: '' }] = await untilDeliveries(api, partner, ['retrying']);
  const unsettled = await act('resend', id);
  expect(unsettled.status).toBe(409);
  expect(unsettled.body).toMatchObject({
    type: 'urn:spark360:error:delivery_not_settled',
    detail: 'The delivery is retrying.',
  });

  receiver.answer({});
  await publish(api, lead.personal({ enriched: true }));
  const skipped = await act('skip', id);
  expect(skipped.status).toBe(202);
  expect(skipped.body).toMatchObject({ id, status: 'abandoned', reason: 'skipped', next_attempt_at: null });
  const shown = await untilDeliveries(api, partner, ['abandoned: skipped', 'delivered', 'delivered']);
  for (const [delivery, words] of [
    [shown[0], 'abandoned: skipped'],
    [shown[1], 'delivered'],
  ] as const) {
    const again = await act('skip', delivery?.id);
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({
      type: 'urn:spark360:error:delivery_settled',
      detail: `The delivery is ${words}.`,
    });
  }
});

test('one under way is skipped after its answer, unless that is a success', async () => {
  for (const [status, expected] of [
    [500, 'abandoned: skipped'],
    [200, 'delivered'],
  ] as const) {
    const own = await aPartner(api, receiver.url);
    receiver.answer({ status, delayMs: 1_000 });
    await publish(api, aLead(own.organization).created());
    const [delivery] = await untilDeliveries(api, own, ['delivering']);
    const answer = await api.call('POST', `${own.path}/deliveries/${delivery?.id}/skip`);
    expect(answer).toMatchObject({ status: 202, body: { status: 'delivering' } });
    await untilDeliveries(api, own, [expected]);
  }
  expect(receiver.requests).toHaveLength(2);
});

/** A lead whose only delivery is held, its lane asleep on it. */
async function aSleepingLead() {
  await api.call('POST', `${partner.endpointPath}/pause`);
  const lead = aLead(partner.organization);
  await publish(api, lead.created());
  const [{ id } = { id: '' }] = await untilDeliveries(api, partner, ['held']);
  const lanes = async () => (await api.deps.client.lead(partner.organization, lead.leadId).state())?.lanes;
  await eventually(async () => expect((await lanes())?.[0]?.queue[0]?.waitsFor).toBe('resume'));
  return { id, lanes };
}

test.each(['before', 'after'])(
  'whoever skips dies %s the delivery is abandoned, once it is asked for: it is skipped, and its lane wakes up',
  async (when) => {
    const { id, lanes } = await aSleepingLead();
    const { activityDeps } = api.deps;
    const dying: typeof activityDeps.manualDelivery = {
      ...activityDeps.manualDelivery,
      async skip(deliveryId) {
        if (when === 'after') await activityDeps.manualDelivery.skip(deliveryId);
        throw new Error('died');
      },
    };
    await expect(operations({ ...activityDeps, manualDelivery: dying }).skip(id)).rejects.toThrow('died');
    await eventually(async () => expect(await lanes()).toEqual([]));
    await untilDeliveries(api, partner, ['abandoned: skipped']);
  },
);

test('skipping what waits behind another does not hurry the retry of that one', async () => {
  receiver.answer({ status: 503, headers: { 'retry-after': '3600' } });
  const lead = aLead(partner.organization, { ownerOccupied: true });
  await publish(api, lead.created(), lead.personal({ enriched: true }));
  const [, behind] = await untilDeliveries(api, partner, ['retrying', 'pending']);
  const skipped = await act('skip', behind?.id);
  expect(skipped).toMatchObject({ status: 202, body: { status: 'abandoned', reason: 'skipped' } });
  await sleep(500);
  expect(receiver.requests).toHaveLength(1);
  await untilDeliveries(api, partner, ['retrying', 'abandoned: skipped']);
});

test('what went to a deleted endpoint cannot be sent again', async () => {
  await publish(api, aLead(partner.organization).created());
  const [{ id } = { id: '' }] = await untilDeliveries(api, partner, ['delivered']);
  await api.call('DELETE', partner.endpointPath);
  const answer = await act('resend', id);
  expect(answer.status).toBe(409);
  expect(answer.body.type).toBe('urn:spark360:error:endpoint_deleted');
});

test('of an erased lead nothing is sent again, skipped or recovered', async () => {
  receiver.answer((_request, index) => ({ status: index === 0 ? 200 : 400 }));
  const lead = aLead(partner.organization);
  const since = new Date().toISOString();
  await publish(api, lead.created(), lead.personal({ enriched: true }));
  const shown = await untilDeliveries(api, partner, ['delivered', 'abandoned: rejected', 'abandoned: rejected']);
  expect((await api.call('DELETE', `${partner.path}/leads/${lead.leadId}`)).status).toBe(204);
  for (const { id } of shown) {
    const answer = await act('resend', id);
    expect(answer.status).toBe(409);
    expect(answer.body.type).toBe('urn:spark360:error:lead_erased');
    expect((await act('skip', id)).status).toBe(409);
  }
  const requests = receiver.requests.length;
  const { body } = await api.call('POST', `${partner.endpointPath}/recover`, { body: { since, dry_run: true } });
  expect(body).toEqual({ count: 0, job_id: null });
  expect(receiver.requests).toHaveLength(requests);
});
