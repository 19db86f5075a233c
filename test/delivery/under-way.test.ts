import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { held } from '../support/held.ts';
import { type Answer, eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { attemptsAt, deliveryIdsAt, endpointRow, statusesAt } from './rows.ts';

// What an operator does while an attempt is under way: it finishes and counts (spec section 5).
let service: TestService;
let receiver: Receiver;
let organization: string;
let endpoint: string;
beforeAll(async () => {
  service = await startService({ retryScheduleMs: [3_600_000], attemptTimeoutMs: 20_000 });
});
afterAll(() => service?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  organization = await anOrganization(service.deps);
  endpoint = (await anEndpoint(service.deps, organization, receiver.url)).id;
});
afterEach(() => receiver?.close());

const requested = (count: number) => eventually(() => expect(receiver.requests).toHaveLength(count));

/** A task waits half a second for an attempt; this long after its begin it was handed over (milliseconds). */
const handedOverMs = 700;

/**
 * Does `act` while the first of two events that a lead emits together
 * behind its preview is under way; it is answered after that.
 */
async function whileUnderWay(
  answer: Answer,
  handedOver: boolean,
  act: () => Promise<unknown>,
): Promise<ReturnType<typeof aLead>> {
  const lead = aLead(organization);
  await service.deps.client.publish(lead.created());
  await eventually(async () => expect(await statusesAt(service.deps, endpoint)).toEqual(['delivered']));
  const { released, release } = held();
  receiver.answer(async (_request, index) => {
    if (index !== 1) return {};
    await released;
    return answer;
  });
  await service.deps.client.publish(lead.personal({ enriched: true }));
  await requested(2);
  if (handedOver) await sleep(handedOverMs);
  await act();
  release();
  return lead;
}
/** Of those two. */
const statuses = async () => (await statusesAt(service.deps, endpoint)).slice(1);
const skip = async (index: 0 | 1) => {
  const id = (await deliveryIdsAt(service.deps, endpoint))[index + 1] ?? '';
  expect(await service.deps.operations.skip(id)).toBe(true);
};
const attemptNumbers = () => receiver.requests.slice(1).map(({ headers }) => headers['x-spark360-attempt']);

describe.each([
  ['inside the workflow task', false],
  ['handed over to an activity', true],
])('an attempt is under way, %s', (_where, handedOver) => {
  test('paused, and it succeeds: it counts, and nothing follows it until the resume', async () => {
    await whileUnderWay({}, handedOver, () => service.deps.operations.pause(endpoint));
    await eventually(async () => expect((await statuses())[0]).toBe('delivered'));
    await sleep(800);
    expect(await statuses()).toEqual(['delivered', 'held']);
    expect(receiver.requests).toHaveLength(2);
    await service.deps.operations.resume(endpoint);
    await eventually(async () => expect(await statuses()).toEqual(['delivered', 'delivered']));
    expect(attemptNumbers()).toEqual(['1', '1']);
  });

  test('paused, and it fails with attempts left: held, its attempt is used; the resume sends the next number at once', async () => {
    await whileUnderWay({ status: 500 }, handedOver, () => service.deps.operations.pause(endpoint));
    await eventually(async () => expect(await attemptsAt(service.deps, endpoint)).toHaveLength(2));
    await eventually(async () => expect(await statuses()).toEqual(['held', 'held']));
    await service.deps.operations.resume(endpoint);
    await eventually(async () => expect(await statuses()).toEqual(['delivered', 'delivered']));
    expect(attemptNumbers()).toEqual(['1', '2', '1']);
  });

  test('skipped, and it succeeds: it is delivered', async () => {
    await whileUnderWay({}, handedOver, () => skip(0));
    await eventually(async () => expect(await statuses()).toEqual(['delivered', 'delivered']));
    expect(receiver.requests).toHaveLength(3);
  });

  test.each([500, 404, 410])(
    'skipped, and it is answered %i: abandoned as skipped, the endpoint stays, the rest goes out',
    async (status) => {
      await whileUnderWay({ status }, handedOver, () => skip(0));
      await eventually(async () => expect(await statuses()).toEqual(['abandoned: skipped', 'delivered']));
      expect(receiver.requests).toHaveLength(3);
      expect(await endpointRow(service.deps, endpoint)).toMatchObject({ status: 'active' });
    },
  );

  test('the one behind it is skipped: it is never sent', async () => {
    await whileUnderWay({}, handedOver, () => skip(1));
    await eventually(async () => expect(await statuses()).toEqual(['delivered', 'abandoned: skipped']));
    await sleep(300);
    expect(receiver.requests).toHaveLength(2);
  });

  test('the endpoint is deleted, and it succeeds: it counts, the rest is abandoned and never sent', async () => {
    await whileUnderWay({}, handedOver, () => service.deps.operations.remove(endpoint));
    await eventually(async () => expect(await statuses()).toEqual(['delivered', 'abandoned: endpoint_deleted']));
    await sleep(500);
    expect(receiver.requests).toHaveLength(2);
  });

  test('the endpoint is deleted, and it fails: abandoned with the rest, nobody waits for a retry', async () => {
    const lead = await whileUnderWay({ status: 500 }, handedOver, () => service.deps.operations.remove(endpoint));
    await eventually(async () => expect(await statuses()).toEqual(Array(2).fill('abandoned: endpoint_deleted')));
    await eventually(async () =>
      expect((await service.deps.client.lead(organization, lead.leadId).state())?.lanes).toEqual([]),
    );
    expect(receiver.requests).toHaveLength(2);
  });
});

test('the endpoint of a single delivery is deleted while it fails: abandoned at once, nobody waits for its retry', async () => {
  const answer = receiver.hold(() => true, { status: 500 });
  const lead = aLead(organization);
  await service.deps.client.publish(lead.created());
  await requested(1);
  await sleep(handedOverMs);
  await service.deps.operations.remove(endpoint);
  answer();
  await eventually(async () =>
    expect(await statusesAt(service.deps, endpoint)).toEqual(['abandoned: endpoint_deleted']),
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
