import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { statusesAt } from '../delivery/rows.ts';
import { aLead } from '../support/lead-events.ts';
import { held } from '../support/held.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let receiver: Receiver;
beforeAll(async () => {
  service = await startService({ retryScheduleMs: [50, 50, 50, 50] });
});
afterAll(() => service?.stop());
afterEach(() => receiver?.close());

const statuses = (endpointId: string) => statusesAt(service.deps, endpointId);

const endpointRow = async (endpointId: string) =>
  (
    await service.deps.db.query<{ status: string; paused_reason: string | null; resume_phase: string | null }>(
      'select status, paused_reason, resume_phase from endpoints where id = $1',
      [endpointId],
    )
  )[0];

async function aPartner() {
  receiver = await startReceiver();
  const organization = await anOrganization(service.deps);
  const endpoint = await anEndpoint(service.deps, organization, receiver.url);
  return { organization, endpoint };
}

test('while an endpoint is paused everything is held and no attempt is used; a resume lets one go first, then the rest in order', async () => {
  const { organization, endpoint } = await aPartner();
  const { client, operations } = service.deps;
  await operations.pause(endpoint.id);
  const leads = Array.from({ length: 20 }, () => aLead(organization));
  for (const lead of leads)
    await client.publishMany([lead.created(), lead.personal({ enriched: true }), lead.contact()]);
  await eventually(async () =>
    expect(await statuses(endpoint.id)).toEqual(Array(80).fill(expect.stringMatching(/held|pending/))),
  );
  await sleep(300);
  expect(receiver.requests).toHaveLength(0);

  const { released, release } = held();
  receiver.answer(async (_request, index) => {
    await (index === 0 ? released : sleep(5));
    return {};
  });
  expect(await operations.resume(endpoint.id)).toBe(true);
  await eventually(() => expect(receiver.requests.length).toBeGreaterThan(0));
  await sleep(300);
  expect(receiver.requests).toHaveLength(1);
  release();
  await eventually(async () => expect(await statuses(endpoint.id)).toEqual(Array(80).fill('delivered')));
  expect(receiver.requests).toHaveLength(80);
  expect(receiver.open.most).toBeLessThanOrEqual(16);
  for (const { leadId } of leads) {
    const sequences = receiver.requests
      .filter(({ json }) => (json as { data: { lead_id: string } }).data.lead_id === leadId)
      .map(({ headers }) => headers['x-spark360-sequence']);
    expect(sequences).toEqual(['1', '2', '3', '4']);
  }
  expect(receiver.requests.every(({ headers }) => headers['x-spark360-attempt'] === '1')).toBe(true);
  await eventually(async () =>
    expect(await endpointRow(endpoint.id)).toMatchObject({ status: 'active', resume_phase: null }),
  );
});

test('the fifth failure pauses the endpoint; what is behind is held, and goes out after the resume', async () => {
  const { organization, endpoint } = await aPartner();
  const { client, operations } = service.deps;
  receiver.answer({ status: 500 });
  const lead = aLead(organization);
  await client.publishMany([lead.created(), lead.personal({ enriched: true })]);
  await eventually(async () => expect(await statuses(endpoint.id)).toEqual(['abandoned: exhausted', 'held', 'held']));
  expect(await endpointRow(endpoint.id)).toMatchObject({ status: 'paused', paused_reason: 'failing' });
  expect(receiver.requests).toHaveLength(5);
  receiver.answer({});
  await operations.resume(endpoint.id);
  await eventually(async () =>
    expect(await statuses(endpoint.id)).toEqual(['abandoned: exhausted', 'delivered', 'delivered']),
  );
});

test('410 pauses at once; five deliveries in a row rejected pause too; a success in between starts the count anew', async () => {
  const { organization, endpoint } = await aPartner();
  const { client, operations } = service.deps;
  receiver.answer({ status: 410 });
  await client.publish(aLead(organization).created());
  await eventually(async () =>
    expect(await endpointRow(endpoint.id)).toMatchObject({ status: 'paused', paused_reason: 'gone' }),
  );
  await operations.resume(endpoint.id);
  const one = async (status: number) => {
    receiver.answer({ status });
    const before = receiver.requests.length;
    await client.publish(aLead(organization).created());
    await eventually(() => expect(receiver.requests.length).toBeGreaterThan(before));
    await eventually(async () =>
      expect((await statuses(endpoint.id)).filter((at) => at === 'pending' || at === 'held')).toEqual([]),
    );
  };
  for (const status of [400, 400, 400, 400, 200, 400, 400, 400, 400]) await one(status);
  expect(await endpointRow(endpoint.id)).toMatchObject({ status: 'active' });
  await one(400);
  await eventually(async () =>
    expect(await endpointRow(endpoint.id)).toMatchObject({ status: 'paused', paused_reason: 'consecutive_failures' }),
  );
});

test('a skipped head lets what is behind it go at once, also while it waits hours for its retry', async () => {
  const { organization, endpoint } = await aPartner();
  const { client, operations, db } = service.deps;
  receiver.answer({ status: 503, headers: { 'retry-after': '3600' } });
  const lead = aLead(organization);
  await client.publish(lead.created());
  await eventually(async () => expect(await statuses(endpoint.id)).toEqual(['retrying']));
  receiver.answer({});
  await client.publish(lead.personal({ enriched: true }));
  await eventually(async () => expect(await statuses(endpoint.id)).toHaveLength(3));
  const [head] = await db.query<{ id: string }>('select id from deliveries where endpoint_id = $1 and sequence = 1', [
    endpoint.id,
  ]);
  expect(await operations.skip(head?.id ?? '')).toBe(true);
  await eventually(async () =>
    expect(await statuses(endpoint.id)).toEqual(['abandoned: skipped', 'delivered', 'delivered']),
  );
  expect(await operations.skip(head?.id ?? '')).toBe(false);
});

test('a deleted endpoint abandons what is unsettled, and the leads that slept on it wake up and end', async () => {
  const { organization, endpoint } = await aPartner();
  const { client, operations } = service.deps;
  await operations.pause(endpoint.id);
  const lead = aLead(organization);
  await client.publish(lead.created());
  await eventually(async () => expect(await statuses(endpoint.id)).toEqual(['held']));
  await operations.remove(endpoint.id);
  expect(await statuses(endpoint.id)).toEqual(['abandoned: endpoint_deleted']);
  await eventually(async () => expect((await client.lead(organization, lead.leadId).state())?.lanes).toEqual([]));
  expect(receiver.requests).toHaveLength(0);
});

test('resend: one attempt with the old sequence and the next number; a success makes an abandoned one delivered', async () => {
  const { organization, endpoint } = await aPartner();
  const { client, operations, db } = service.deps;
  receiver.answer({ status: 400 });
  await client.publish(aLead(organization).created());
  await eventually(async () => expect(await statuses(endpoint.id)).toEqual(['abandoned: rejected']));
  const [delivery] = await db.query<{ id: string }>('select id from deliveries where endpoint_id = $1', [endpoint.id]);
  const id = delivery?.id ?? '';
  expect(await operations.resend(id)).toBe(true);
  await eventually(() => expect(receiver.requests).toHaveLength(2));
  receiver.answer({});
  await eventually(async () => expect(await operations.resend(id)).toBe(true));
  await eventually(async () => expect(await statuses(endpoint.id)).toEqual(['delivered']));
  expect(
    receiver.requests.map(({ headers }) => [
      headers['x-spark360-attempt'],
      headers['x-spark360-resend'],
      headers['x-spark360-sequence'],
    ]),
  ).toEqual([
    ['1', undefined, '1'],
    ['2', 'true', '1'],
    ['3', 'true', '1'],
  ]);
  expect(new Set(receiver.requests.map(({ rawBody }) => rawBody.toString())).size).toBe(1);
});

test('recover: what was abandoned goes out again, per lead in order, with the full schedule, one job at a time', async () => {
  const { organization, endpoint } = await aPartner();
  const { client, operations, db } = service.deps;
  receiver.answer({ status: 400 });
  const leads = [aLead(organization), aLead(organization, { ownerOccupied: true })];
  const since = new Date();
  await client.publishMany([leads[0]?.created(), leads[0]?.personal({ enriched: true }), leads[1]?.created()]);
  await eventually(async () => expect(await statuses(endpoint.id)).toEqual(Array(4).fill('abandoned: rejected')));
  let calls = 0;
  receiver.answer(() => {
    calls += 1;
    return { status: calls % 3 === 1 ? 500 : 200 };
  });
  const request = { organizationId: organization, endpointId: endpoint.id, since, until: new Date() };
  const job = await operations.recover(request);
  expect(job).toMatchObject({ count: 4 });
  expect(await operations.recover(request)).toBeNull();
  await eventually(async () => expect(await statuses(endpoint.id)).toEqual(Array(4).fill('delivered')));
  const again = receiver.requests.slice(4);
  expect(again.every(({ headers }) => headers['x-spark360-resend'] === 'true')).toBe(true);
  const delivered = await db.query('select event from deliveries where lead_id = $1 order by delivered_at', [
    leads[0]?.leadId,
  ]);
  expect(delivered.map(({ event }) => event)).toEqual(['lead.address_preview', 'lead.enriched', 'lead.rental_alert']);
});
