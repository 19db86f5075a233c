import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { leadSubject } from '../../src/domain/ids.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { statusesAt } from './rows.ts';

/**
 * Deliveries for which a slow endpoint has no slot: they queue,
 * and whichever process sees one become free sends the next.
 */

let service: TestService;
beforeAll(async () => {
  service = await startService({ attemptTimeoutMs: 1_000 });
});
afterAll(() => service?.stop());

let partner: Receiver;
let organization: string;
let endpoint: string;
/** Answers after so long: too slow for a workflow task to wait for it (milliseconds). */
const slowMs = 400;
const slowly = { delayMs: slowMs };
const slots = 4;
beforeEach(async () => {
  partner = await startReceiver(slowly);
  organization = await anOrganization(service.deps);
  ({ id: endpoint } = await anEndpoint(service.deps, organization, partner.url));
  await service.deps.db.execute('update endpoints set max_in_flight = $2 where id = $1', [endpoint, slots]);
  await service.deps.client.publish(aLead(organization).created()); // known to be slow
  await delivered(1);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await partner.close();
});

const delivered = (count: number) =>
  eventually(async () => expect(await statusesAt(service.deps, endpoint)).toEqual(Array(count).fill('delivered')));
const queued = async (): Promise<string[]> =>
  (
    await service.deps.db.query<{ subject: string }>(
      'select subject from endpoint_queue q join deliveries d on d.id = q.delivery_id where q.endpoint_id = $1',
      [endpoint],
    )
  ).map(({ subject }) => subject);

const publishNext = (leads: LeadEvents[]) =>
  Promise.all(leads.map((lead) => service.deps.client.publish(lead.personal({ enriched: true, ownerOccupied: true }))));
const sequencesOf = ({ leadId }: LeadEvents) =>
  partner.requests.filter((one) => one.leadId === leadId).map((one) => one.sequence);

/** How many activities the server handed out for a workflow, and how many outcomes it was told of. */
async function costOf(workflowId: string): Promise<{ activities: number; outcomes: number }> {
  const { events } = await service.deps.temporal.workflow.getHandle(workflowId).fetchHistory();
  const all = events ?? [];
  return {
    activities: all.filter((event) => event.activityTaskScheduledEventAttributes != null).length,
    outcomes: all.filter((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'outcomes').length,
  };
}

test('those that queue are sent once, never more at a time than the endpoint takes, and cost their workflow a signal or two', async () => {
  partner.open.most = 0;
  const leads = Array.from({ length: 24 }, () => aLead(organization));
  await Promise.all(leads.map((lead) => service.deps.client.publish(lead.created())));
  await delivered(25);
  expect(partner.open.most).toBeLessThanOrEqual(slots);
  expect(partner.requests).toHaveLength(25);
  for (const lead of leads) {
    const cost = await costOf(leadSubject(organization, lead.leadId));
    expect(cost.activities).toBe(0);
    // A second one where it waited too long for its place in the queue.
    expect(cost.outcomes).toBeLessThanOrEqual(2);
  }
  expect(await queued()).toEqual([]);
});

test('what is behind goes when its head was delivered, in order, also what was published meanwhile', async () => {
  const leads = Array.from({ length: 12 }, () => aLead(organization));
  await Promise.all(leads.map((lead) => service.deps.client.publish(lead.created())));
  await publishNext(leads);
  await delivered(25);
  for (const lead of leads) expect(sequencesOf(lead)).toEqual([1, 2]);
});

test('failures count, are retried by the schedule, and the order stays', async () => {
  partner.answer(({ attempt }) => ({ ...slowly, status: attempt === 1 ? 503 : 200 }));
  const leads = Array.from({ length: 12 }, () => aLead(organization));
  await Promise.all(leads.map((lead) => service.deps.client.publish(lead.created())));
  await publishNext(leads);
  await delivered(25);
  for (const { leadId } of leads) {
    const seen = partner.requests.filter((one) => one.leadId === leadId).map((one) => `${one.sequence}/${one.attempt}`);
    expect(seen).toEqual(['1/1', '1/2', '2/1', '2/2']);
  }
});

test('an attempt ends after another was told to queue and before that one is queued: it is dispatched all the same', async () => {
  const { attempts } = service.deps.delivery;
  await service.deps.db.execute('update endpoints set max_in_flight = 1 where id = $1', [endpoint]);
  const held: (() => void)[] = [];
  partner.answer(() => new Promise((resolve) => held.push(() => resolve({}))));
  await service.deps.client.publish(aLead(organization).created());
  await eventually(() => expect(held).toHaveLength(1));
  // Its end looks before there is anything to see.
  const realRecord = attempts.record;
  const record = jest
    .spyOn(attempts, 'record')
    .mockImplementationOnce(async (...args) => ({ ...(await realRecord(...args)), hasQueue: false }));
  const realBegin = attempts.begin;
  jest.spyOn(attempts, 'begin').mockImplementation(async (...args) => {
    const begun = await realBegin(...args);
    if (begun.kind === 'not_sent' && begun.outcome.kind === 'queued') {
      partner.answer(slowly);
      for (const answer of held.splice(0)) answer();
      await eventually(() => expect(record).toHaveBeenCalled());
    }
    return begun;
  });
  await service.deps.client.publish(aLead(organization).created());
  await delivered(3);
});

test('an answer that came and could not be recorded yet is not asked for again by another worker while this one lives', async () => {
  const other = await service.anotherWorker();
  try {
    const { attempts } = service.deps.delivery;
    const record = attempts.record;
    const until = Date.now() + 12_000;
    const away = async (...args: Parameters<typeof record>) => {
      if (Date.now() < until) throw new Error('Postgres is away for this worker');
      return record(...args);
    };
    const [own, others] = [service.deps.delivery, other.deps.delivery].map((one) =>
      jest.spyOn(one.attempts, 'record').mockImplementation(away),
    );
    partner.answer({});
    const leads = Array.from({ length: 6 }, () => aLead(organization));
    await Promise.all(leads.map((lead) => service.deps.client.publish(lead.created())));
    // Longer than the lease: by then each lane has asked what became of its attempt.
    await sleep(9_000);
    expect((own?.mock.calls.length ?? 0) + (others?.mock.calls.length ?? 0)).toBeGreaterThan(0);
    await delivered(7);
    expect(partner.requests).toHaveLength(7);
  } finally {
    await other.stop();
  }
});
