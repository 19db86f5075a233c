import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { leadSubject } from '../../src/domain/ids.ts';
import { eventually } from '../support/eventually.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { startService, type TestService } from '../support/service.ts';
import { accept, type Arrived, type CountingReceiver, startCountingReceiver } from './counting-receiver.ts';
import { statusesAt } from './rows.ts';

/** Who waits in line at a slow endpoint is sent by the process that calls it, while its lane sleeps. */
jest.setTimeout(90_000);

let service: TestService;
beforeAll(async () => {
  service = await startService({ attemptTimeoutMs: 30_000 });
});
afterAll(() => service?.stop());

let partner: CountingReceiver;
let organization: string;
let endpoint: string;
/** Answers after so long: too slow for a workflow task to wait for it (milliseconds). */
const slowMs = 400;
type Answer = (response: ServerResponse, request: Arrived) => void;
const slowly = (answer: Answer) =>
  partner.behave((response, request) => void setTimeout(() => answer(response, request), slowMs));
const places = 4;
beforeEach(async () => {
  partner = await startCountingReceiver();
  slowly(accept);
  organization = await anOrganization(service.deps);
  ({ id: endpoint } = await anEndpoint(service.deps, organization, partner.url));
  await service.deps.db.execute('update endpoints set max_in_flight = $2 where id = $1', [endpoint, places]);
  await service.deps.client.publish(aLead(organization).created()); // known to be slow
  await delivered(1);
});
afterEach(() => partner.close());

const delivered = (count: number) =>
  eventually(
    async () => expect(await statusesAt(service.deps, endpoint)).toEqual(Array(count).fill('delivered')),
    60_000,
  );

const subjectsInLine = async (): Promise<string[]> =>
  (
    await service.deps.db.query<{ subject: string }>(
      'select subject from deliveries where endpoint_id = $1 and waiting_since is not null',
      [endpoint],
    )
  ).map(({ subject }) => subject);

/**
 * New leads, of which all but four wait in line: nobody is answered until they do, and `meanwhile` is done. Gives the subjects
 * of those that wait.
 */
async function crowd(
  leads: LeadEvents[],
  { answer = accept, meanwhile }: { answer?: Answer; meanwhile?: (waiting: LeadEvents[]) => Promise<void> } = {},
): Promise<string[]> {
  const held: [ServerResponse, Arrived][] = [];
  partner.behave((...request) => void held.push(request));
  await Promise.all(leads.map((lead) => service.deps.client.publish(lead.created())));
  const subjects = await eventually(async () => {
    const inLine = await subjectsInLine();
    expect(inLine).toHaveLength(leads.length - places);
    return inLine;
  }, 25_000);
  await meanwhile?.(leads.filter(({ leadId }) => subjects.includes(leadSubject(organization, leadId))));
  slowly(answer);
  await sleep(slowMs); // or it would count as fast again
  for (const request of held) answer(...request);
  return subjects;
}

/** How often the workflow had an activity scheduled, and how often it was woken. */
async function costOf(workflowId: string): Promise<{ activities: number; wakes: number }> {
  const { events } = await service.deps.temporal.workflow.getHandle(workflowId).fetchHistory();
  const all = events ?? [];
  return {
    activities: all.filter((event) => event.activityTaskScheduledEventAttributes != null).length,
    wakes: all.filter((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'wake').length,
  };
}

/** What every lead of these tests publishes second: a delivery of the same lane. */
const publishNext = (leads: LeadEvents[]) =>
  Promise.all(leads.map((lead) => service.deps.client.publish(lead.personal({ enriched: true, ownerOccupied: true }))));

const pendingAre = (count: number) =>
  eventually(async () =>
    expect((await statusesAt(service.deps, endpoint)).filter((status) => status === 'pending')).toHaveLength(count),
  );

const owed = () =>
  service.deps.db.query('select from deliveries where endpoint_id = $1 and wake_due_at is not null', [endpoint]);
const nobodyIsOwed = () => eventually(async () => expect(await owed()).toEqual([]));

const sequencesOf = ({ leadId }: LeadEvents) =>
  partner.arrived.filter((one) => one.leadId === leadId).map((one) => one.sequence);

test('those who wait in line cost their workflow nothing at all, and what is published later goes at once', async () => {
  const leads = Array.from({ length: 24 }, () => aLead(organization));
  const before = new Map<string, number>();
  // In the burst some asked by an activity, since others asked before them.
  for (const subject of await crowd(leads)) before.set(subject, (await costOf(subject)).activities);
  await delivered(25);
  await nobodyIsOwed();
  for (const [subject, activities] of before) expect(await costOf(subject)).toEqual({ activities, wakes: 0 });
  // Their lanes still sleep at what was delivered, for two minutes at least.
  await publishNext(leads);
  await delivered(49);
  for (const lead of leads) expect(sequencesOf(lead)).toEqual([1, 2]);
});

test('what is behind goes when its head was delivered, for one wake each', async () => {
  const leads = Array.from({ length: 24 }, () => aLead(organization));
  const waited = await crowd(leads, {
    async meanwhile(waiting) {
      await publishNext(waiting);
      await pendingAre(2 * waiting.length);
    },
  });
  await delivered(25 + waited.length);
  await nobodyIsOwed();
  for (const lead of leads) {
    const isBehind = waited.includes(leadSubject(organization, lead.leadId));
    expect(sequencesOf(lead)).toEqual(isBehind ? [1, 2] : [1]);
  }
  for (const subject of waited) expect((await costOf(subject)).wakes).toBe(1);
});

test('something comes behind while its lane is being told to wait, and after its head was delivered: it goes at once', async () => {
  const { wakes } = service.deps.activityParts;
  await service.deps.db.execute('update endpoints set max_in_flight = 1 where id = $1', [endpoint]);
  const held: (() => void)[] = [];
  partner.behave((response) => void held.push(() => accept(response)));
  await service.deps.client.publish(aLead(organization).created());
  await eventually(() => expect(held).toHaveLength(1));
  const lead = aLead(organization);
  // Asked by who stands in line already, and before its lane hears that it is to wait.
  const isPlaceFree = jest.spyOn(wakes, 'isPlaceFree').mockImplementationOnce(async () => {
    slowly(accept);
    await sleep(slowMs); // or it would count as fast again
    for (const answer of held.splice(0)) answer();
    await delivered(3);
    await nobodyIsOwed();
    await publishNext([lead]);
    await pendingAre(1);
    await sleep(500); // until its workflow knows
    return false;
  });
  try {
    await service.deps.client.publish(lead.created());
    await delivered(4);
    expect(sequencesOf(lead)).toEqual([1, 2]);
  } finally {
    isPlaceFree.mockRestore();
  }
});

test('a wake is owed while something is behind, to a recovery, and of what goes first after a resume', async () => {
  const { db, activityParts } = service.deps;
  const rows = await db.query<{ id: string; subject: string }>(
    'select id, subject from deliveries where endpoint_id = $1',
    [endpoint],
  );
  const { id: deliveryId, subject } = rows[0] ?? { id: '', subject: '' };
  const sleeper = { deliveryId, attempt: 1, workflowId: subject, endpointId: endpoint };
  const needsNoWake = async () => {
    await db.execute('update deliveries set wake_due_at = now() where id = $1', [deliveryId]);
    const isNotNeeded = await activityParts.wakes.needsNoWake(sleeper);
    expect(await owed()).toHaveLength(isNotNeeded ? 0 : 1);
    return isNotNeeded;
  };
  expect(await needsNoWake()).toBe(true);
  expect(await activityParts.wakes.needsNoWake({ ...sleeper, attempt: 2 })).toBe(false);
  await db.execute(`update endpoints set resume_phase = 'probe', probe_delivery_id = $2 where id = $1`, [
    endpoint,
    deliveryId,
  ]);
  expect(await needsNoWake()).toBe(false);
  await db.execute('update endpoints set resume_phase = null, probe_delivery_id = null where id = $1', [endpoint]);
  await db.execute(`update deliveries set runner = 'recovery/1' where id = $1`, [deliveryId]);
  expect(await needsNoWake()).toBe(false);
  await db.execute(
    `update deliveries set runner = null, status = 'retrying', delivered_at = null, settled_at = null where id = $1`,
    [deliveryId],
  );
  expect(await needsNoWake()).toBe(false);
});

test('failures count, are retried by the schedule, and the order stays', async () => {
  const leads = Array.from({ length: 24 }, () => aLead(organization));
  await crowd(leads, {
    answer: (response, { attempt }) => void response.writeHead(attempt === 1 ? 503 : 200).end(),
  });
  await publishNext(leads);
  await delivered(49);
  for (const { leadId } of leads) {
    const seen = partner.arrived.filter((one) => one.leadId === leadId).map((one) => `${one.sequence}/${one.attempt}`);
    expect(seen).toEqual(['1/1', '1/2', '2/1', '2/2']);
  }
});

test('whose wake was lost with its process is woken by another one, and goes on in order', async () => {
  const { wakes } = service.deps.activityParts;
  // As if killed between the partner's answer and the wake.
  const wake = jest.spyOn(service.deps.activityParts, 'wake').mockResolvedValue();
  const woken = jest.spyOn(wakes, 'woken').mockResolvedValue();
  const leads = Array.from({ length: 24 }, () => aLead(organization));
  const waited = await crowd(leads, {
    async meanwhile(waiting) {
      await publishNext(waiting);
      await pendingAre(2 * waiting.length);
    },
  });
  await eventually(() => expect(partner.arrived).toHaveLength(25));
  await pendingAre(waited.length);
  expect(await owed()).toHaveLength(waited.length);
  wake.mockRestore();
  woken.mockRestore();
  // Well over a minute from its attempt: here at once.
  await service.deps.db.execute('update deliveries set wake_due_at = now() where wake_due_at is not null');
  const next = await service.anotherWorker();
  try {
    await delivered(25 + waited.length);
    await nobodyIsOwed();
    expect(partner.arrived).toHaveLength(25 + waited.length);
  } finally {
    await next.stop();
  }
});

test('an attempt ends after another was told to wait and before that one stands in line: it is called all the same', async () => {
  const { attempts, wakes } = service.deps.activityParts;
  await service.deps.db.execute('update endpoints set max_in_flight = 1 where id = $1', [endpoint]);
  const held: (() => void)[] = [];
  partner.behave((response) => void held.push(() => accept(response)));
  await service.deps.client.publish(aLead(organization).created());
  await eventually(() => expect(held).toHaveLength(1));
  // Its end looks before there is anybody to see.
  const afterAttempt = jest.spyOn(wakes, 'afterAttempt').mockResolvedValueOnce({ isProbe: false, isAwaited: false });
  const realBegin = attempts.begin;
  const begin = jest.spyOn(attempts, 'begin').mockImplementation(async (...args) => {
    const begun = await realBegin(...args);
    if (begun.kind === 'recorded' && begun.outcome.kind === 'waiting') {
      slowly(accept);
      for (const answer of held.splice(0)) answer();
      await eventually(() => expect(afterAttempt).toHaveBeenCalled());
    }
    return begun;
  });
  try {
    await service.deps.client.publish(aLead(organization).created());
    await delivered(3);
  } finally {
    begin.mockRestore();
    afterAttempt.mockRestore();
  }
});
