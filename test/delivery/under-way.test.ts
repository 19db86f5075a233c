import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { type Answer, eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { attemptsAt, deliveryIdsAt, endpointRow, statusesAt } from './rows.ts';

// What an operator does while an attempt is under way: it finishes and counts (spec section 5).
let service: TestService;
let receiver: Receiver;
let organization: string;
let endpoint: string;
beforeAll(async () => {
  service = await startService({ retryScheduleMs: [60_000, 60_000], attemptTimeoutMs: 5_000 });
});
afterAll(() => service?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  organization = await anOrganization(service.deps);
  endpoint = (await anEndpoint(service.deps, organization, receiver.url)).id;
});
afterEach(() => receiver?.close());

const requested = (count: number) => eventually(() => expect(receiver.requests).toHaveLength(count));

/** Two events that a lead emits together behind the preview that it has: the first is under way, and long enough to be handed over or not. */
async function underWay(answer: Answer, handedOver: boolean): Promise<ReturnType<typeof aLead>> {
  const lead = aLead(organization);
  await service.deps.client.publish(lead.created());
  await eventually(async () => expect(await statusesAt(service.deps, endpoint)).toEqual(['delivered']));
  receiver.answer((_request, index) => (index === 1 ? { ...answer, delayMs: handedOver ? 1_200 : 350 } : {}));
  await service.deps.client.publish(lead.personal({ enriched: true }));
  await requested(2);
  if (handedOver) await sleep(700);
  return lead;
}
/** Of those two. */
const statuses = async () => (await statusesAt(service.deps, endpoint)).slice(1);
const idsOfBoth = async () => (await deliveryIdsAt(service.deps, endpoint)).slice(1);
const attemptNumbers = () => receiver.requests.slice(1).map(({ headers }) => headers['x-spark360-attempt']);

describe.each([
  ['inside the workflow task', false],
  ['handed over to an activity', true],
])('an attempt is under way, %s', (_where, handedOver) => {
  test('paused, and it succeeds: it counts, and nothing follows it until the resume', async () => {
    await underWay({}, handedOver);
    await service.deps.operations.pause(endpoint);
    await eventually(async () => expect((await statuses())[0]).toBe('delivered'));
    await sleep(800);
    expect(await statuses()).toEqual(['delivered', 'held']);
    expect(receiver.requests).toHaveLength(2);
    await service.deps.operations.resume(endpoint);
    await eventually(async () => expect(await statuses()).toEqual(['delivered', 'delivered']));
    expect(attemptNumbers()).toEqual(['1', '1']);
  });

  test('paused, and it fails with attempts left: held, its attempt is used; the resume sends the next number at once', async () => {
    await underWay({ status: 500 }, handedOver);
    await service.deps.operations.pause(endpoint);
    await eventually(async () => expect(await attemptsAt(service.deps, endpoint)).toHaveLength(2));
    await eventually(async () => expect(await statuses()).toEqual(['held', 'held']));
    await service.deps.operations.resume(endpoint);
    await eventually(async () => expect(await statuses()).toEqual(['delivered', 'delivered']));
    expect(attemptNumbers()).toEqual(['1', '2', '1']);
  });

  test('skipped, and it succeeds: it is delivered', async () => {
    await underWay({}, handedOver);
    const [id = ''] = await idsOfBoth();
    expect(await service.deps.operations.skip(id)).toBe(true);
    await eventually(async () => expect(await statuses()).toEqual(['delivered', 'delivered']));
    expect(receiver.requests).toHaveLength(3);
  });

  test.each([500, 404, 410])(
    'skipped, and it is answered %i: abandoned as skipped, the endpoint stays, the rest goes out',
    async (status) => {
      await underWay({ status }, handedOver);
      const [id = ''] = await idsOfBoth();
      expect(await service.deps.operations.skip(id)).toBe(true);
      await eventually(async () => expect(await statuses()).toEqual(['abandoned: skipped', 'delivered']));
      expect(receiver.requests).toHaveLength(3);
      expect(await endpointRow(service.deps, endpoint)).toMatchObject({ status: 'active' });
    },
  );

  test('the one behind it is skipped: it is never sent', async () => {
    await underWay({}, handedOver);
    const [, id = ''] = await idsOfBoth();
    expect(await service.deps.operations.skip(id)).toBe(true);
    await eventually(async () => expect(await statuses()).toEqual(['delivered', 'abandoned: skipped']));
    await sleep(300);
    expect(receiver.requests).toHaveLength(2);
  });

  test('the endpoint is deleted, and it succeeds: it counts, the rest is abandoned and never sent', async () => {
    await underWay({}, handedOver);
    await service.deps.operations.remove(endpoint);
    await eventually(async () => expect(await statuses()).toEqual(['delivered', 'abandoned: endpoint_deleted']));
    await sleep(500);
    expect(receiver.requests).toHaveLength(2);
  });

  test('the endpoint is deleted, and it fails: abandoned with the rest, nobody waits for a retry', async () => {
    const lead = await underWay({ status: 500 }, handedOver);
    await service.deps.operations.remove(endpoint);
    await eventually(async () => expect(await statuses()).toEqual(Array(2).fill('abandoned: endpoint_deleted')), 5_000);
    await eventually(async () =>
      expect((await service.deps.client.lead(organization, lead.leadId).state())?.lanes).toEqual([]),
    );
    expect(receiver.requests).toHaveLength(2);
  });
});

test('the endpoint of a single delivery is deleted while it fails: abandoned at once, nobody waits for its retry', async () => {
  receiver.answer({ status: 500, delayMs: 1_200 });
  const lead = aLead(organization);
  await service.deps.client.publish(lead.created());
  await requested(1);
  await sleep(700);
  await service.deps.operations.remove(endpoint);
  await eventually(
    async () => expect(await statusesAt(service.deps, endpoint)).toEqual(['abandoned: endpoint_deleted']),
    5_000,
  );
  await eventually(async () =>
    expect((await service.deps.client.lead(organization, lead.leadId).state())?.lanes).toEqual([]),
  );
});

test('two processes: paused while first attempts are handed over from one to the other, nobody sleeps for ever', async () => {
  const other = await service.anotherWorker();
  try {
    for (let lead = 0; lead < 12; lead += 1) await service.deps.client.publish(aLead(organization).created());
    await eventually(async () => expect(await statusesAt(service.deps, endpoint)).toEqual(Array(12).fill('delivered')));
    receiver.answer({ delayMs: 1_500 });
    const leads = Array.from({ length: 10 }, () => aLead(organization));
    await Promise.all(leads.map((lead) => service.deps.client.publish(lead.created())));
    await eventually(() => expect(receiver.requests.length).toBeGreaterThan(16));
    await service.deps.operations.pause(endpoint);
    await sleep(2_500);
    receiver.answer({});
    await service.deps.operations.resume(endpoint);
    await eventually(async () =>
      expect(await endpointRow(service.deps, endpoint)).toMatchObject({ resume_phase: null }),
    );
    await Promise.all(leads.map((lead) => service.deps.client.publish(lead.personal({ enriched: true }))));
    await eventually(async () => expect(await statusesAt(service.deps, endpoint)).toEqual(Array(42).fill('delivered')));
    expect(receiver.requests).toHaveLength(42);
  } finally {
    await other.stop();
  }
});
