import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { endpointActivities } from '../../activities/endpoints.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { deliveriesOf } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { deliveryIdsAt, endpointRow, statusesAt } from './rows.ts';

// What pause-and-resume.test.ts does not say: a resume hurries no retry, and shows what waits for its turn as that.
let service: TestService;
let receiver: Receiver;
let organization: string;
let endpoint: string;
beforeAll(async () => {
  service = await startService({ retryScheduleMs: [3_600_000, 3_600_000], addressGraceMs: 0 });
});
afterAll(() => service?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  organization = await anOrganization(service.deps);
  endpoint = (await anEndpoint(service.deps, organization, receiver.url)).id;
});
afterEach(() => receiver?.close());

const statuses = () => statusesAt(service.deps, endpoint);
const leadIdOf = (json: unknown) => (json as { data: { lead_id: string } }).data.lead_id;

/** Two leads with a preview and an enriched event each, held one after the other. */
async function twoHeldLeads(): Promise<[LeadEvents, LeadEvents]> {
  await service.deps.operations.pause(endpoint);
  const leads: [LeadEvents, LeadEvents] = [
    aLead(organization, { ownerOccupied: true }),
    aLead(organization, { ownerOccupied: true }),
  ];
  for (const [index, lead] of leads.entries()) {
    await service.deps.client.publishMany([lead.created(), lead.personal({ enriched: true })]);
    await eventually(async () => expect(await statuses()).toEqual(Array(2 * (index + 1)).fill('held')));
  }
  return leads;
}

test('the one that goes first fails: it is not woken again before its time, and the rest stays held', async () => {
  await twoHeldLeads();
  receiver.answer({ status: 500 });
  await service.deps.operations.resume(endpoint);
  await eventually(async () => expect(await statuses()).toEqual(['retrying', 'held', 'held', 'held']));
  // What the endpoint's workflow does when it has waited for a word for long.
  const { chooseProbe } = endpointActivities(service.deps.activityDeps);
  const [head] = await deliveryIdsAt(service.deps, endpoint);
  expect(await chooseProbe({ endpointId: endpoint })).toEqual({ kind: 'chosen', deliveryId: head });
  await sleep(500);
  expect(await statuses()).toEqual(['retrying', 'held', 'held', 'held']);
  expect(receiver.requests).toHaveLength(1);
});

test('a lead that fails while the others drain is retried by the schedule, however often the held ones are woken', async () => {
  const [, second] = await twoHeldLeads();
  receiver.answer(({ json }) => ({ status: leadIdOf(json) === second.leadId ? 500 : 200 }));
  await service.deps.operations.resume(endpoint);
  await eventually(async () => expect(await statuses()).toEqual(['delivered', 'delivered', 'retrying', 'pending']));
  await eventually(async () => expect(await endpointRow(service.deps, endpoint)).toMatchObject({ resume_phase: null }));
  await sleep(2_500);
  expect(receiver.requests.filter(({ json }) => leadIdOf(json) === second.leadId)).toHaveLength(1);
});

test('the word of the one that went first is lost: that it was delivered is enough', async () => {
  const [first] = await twoHeldLeads();
  const [head] = await deliveriesOf(service.deps, first);
  await service.deps.db.execute(
    `update endpoints set status = 'active', paused_reason = null, resume_phase = 'probe', probe_delivery_id = $2 where id = $1`,
    [endpoint, head?.id],
  );
  await service.deps.db.execute(
    `update deliveries set status = 'delivered', delivered_at = now(), settled_at = now() where id = $1`,
    [head?.id],
  );
  expect(await service.deps.activityDeps.resumes.chooseProbe(endpoint)).toEqual({ kind: 'passed' });
});

test('paused and resumed twice within seconds: nobody waits for an old wake to be forgotten', async () => {
  const leads = await twoHeldLeads();
  receiver.answer({ delayMs: 1_000 });
  await service.deps.operations.resume(endpoint);
  await eventually(() => expect(receiver.requests.length).toBeGreaterThan(1));
  await service.deps.operations.pause(endpoint);
  receiver.answer({});
  await eventually(async () => expect((await statuses()).filter((status) => status === 'delivering')).toEqual([]));
  await service.deps.operations.resume(endpoint);
  await eventually(async () => expect(await statuses()).toEqual(Array(4).fill('delivered')));
  for (const { leadId } of leads) {
    const own = receiver.requests.filter(({ json }) => leadIdOf(json) === leadId);
    expect(own.map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['1', '2']);
  }
});

test('a retry that is hours away when the endpoint is paused goes with the others when it is resumed', async () => {
  receiver.answer({ status: 500 });
  const leads = [aLead(organization), aLead(organization)];
  for (const lead of leads) await service.deps.client.publish(lead.created());
  await eventually(async () => expect(await statuses()).toEqual(['retrying', 'retrying']));
  await service.deps.operations.pause(endpoint);
  expect(await statuses()).toEqual(['held', 'held']);
  receiver.answer({});
  await service.deps.operations.resume(endpoint);
  await eventually(async () => expect(await statuses()).toEqual(['delivered', 'delivered']));
  expect(receiver.requests.map(({ headers }) => headers['x-spark360-attempt'])).toEqual(['1', '1', '2', '2']);
});

/** The endpoint's steps, in a process whose signals to one lead are lost, until it is told otherwise. */
function stepsWithout(lead: LeadEvents) {
  const { activityDeps } = service.deps;
  const lost = { isOn: true };
  const losing = (wake: (typeof activityDeps)['wake']) => async (wanted: Parameters<typeof wake>[0]) => {
    if (lost.isOn && wanted.workflowId.endsWith(lead.leadId)) throw new Error('Temporal is away');
    await wake(wanted);
  };
  const steps = endpointActivities({
    ...activityDeps,
    wake: losing(activityDeps.wake),
    wakeIfRunning: losing(activityDeps.wakeIfRunning),
  });
  return { lost, steps };
}

test('a lead could not be told that the endpoint is open: it is told with the next walk, the others are with this one', async () => {
  const [first] = await twoHeldLeads();
  await service.deps.db.execute(
    `update endpoints set status = 'active', paused_reason = null, resume_phase = 'drain' where id = $1`,
    [endpoint],
  );
  const { lost, steps } = stepsWithout(first);
  const batch = { endpointId: endpoint, position: null, limit: 50 };
  expect(await steps.wakeStopped(batch)).toEqual({ next: { status: 'retrying', after: null }, missed: true });
  // Behind the first of a lane the second one waits for its turn.
  await eventually(async () => expect(await statuses()).toEqual(['held', 'pending', 'delivered', 'delivered']));
  await expect(steps.wakeStopped(batch)).rejects.toThrow('Temporal is away');
  lost.isOn = false;
  expect(await steps.wakeStopped(batch)).toMatchObject({ missed: false });
  await eventually(async () => expect(await statuses()).toEqual(Array(4).fill('delivered')));
});

test('a lead could not be told that the endpoint is deleted: it is told with the next walk, and waits for nothing', async () => {
  const leads = await twoHeldLeads();
  const lanesOf = async ({ leadId }: LeadEvents) =>
    (await service.deps.client.lead(organization, leadId).state())?.lanes;
  const { lost, steps } = stepsWithout(leads[0]);
  await steps.removeEndpoint({ endpointId: endpoint });
  expect(await statuses()).toEqual(Array(4).fill('abandoned: endpoint_deleted'));
  expect(await steps.abandonDeleted({ endpointId: endpoint })).toBe(true);
  const batch = { endpointId: endpoint, after: null, limit: 50 };
  expect(await steps.wakeDeleted(batch)).toEqual({ next: null, missed: true });
  await eventually(async () => expect(await lanesOf(leads[1])).toEqual([]));
  expect(await lanesOf(leads[0])).toHaveLength(1);
  lost.isOn = false;
  expect(await steps.wakeDeleted(batch)).toEqual({ next: null, missed: false });
  await eventually(async () => expect(await lanesOf(leads[0])).toEqual([]));
});
