import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
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

/** New leads, of which all but four wait in line: nobody is answered until they do. Gives the subjects of those that wait. */
async function crowd(leads: LeadEvents[], answer: Answer = accept): Promise<string[]> {
  const held: [ServerResponse, Arrived][] = [];
  partner.behave((...request) => void held.push(request));
  await Promise.all(leads.map((lead) => service.deps.client.publish(lead.created())));
  const subjects = await eventually(async () => {
    const inLine = await subjectsInLine();
    expect(inLine).toHaveLength(leads.length - places);
    return inLine;
  }, 25_000);
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

test('those who wait in line cost their workflow one wake and no activity', async () => {
  const leads = Array.from({ length: 24 }, () => aLead(organization));
  const before = new Map<string, number>();
  // In the burst some asked by an activity, since others asked before them.
  for (const subject of await crowd(leads)) before.set(subject, (await costOf(subject)).activities);
  await delivered(25);
  await eventually(async () => {
    for (const [subject, activities] of before) expect(await costOf(subject)).toEqual({ activities, wakes: 1 });
  });
  expect(partner.arrived).toHaveLength(25);
});

test('failures count, are retried by the schedule, and the order stays', async () => {
  const leads = Array.from({ length: 24 }, () => aLead(organization));
  await crowd(leads, (response, { attempt }) => void response.writeHead(attempt === 1 ? 503 : 200).end());
  await Promise.all(
    leads.map((lead) => service.deps.client.publish(lead.personal({ enriched: true, ownerOccupied: true }))),
  );
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
  const waited = await crowd(leads);
  await delivered(25);
  const owed = () =>
    service.deps.db.query('select from deliveries where endpoint_id = $1 and wake_due_at is not null', [endpoint]);
  expect(await owed()).toHaveLength(waited.length);
  await eventually(() => expect(woken).toHaveBeenCalledTimes(waited.length));
  wake.mockRestore();
  woken.mockRestore();
  await Promise.all(
    leads.map((lead) => service.deps.client.publish(lead.personal({ enriched: true, ownerOccupied: true }))),
  );
  await eventually(() => expect(partner.arrived).toHaveLength(25 + places)); // whose lanes did not wait
  await eventually(async () =>
    expect((await statusesAt(service.deps, endpoint)).filter((status) => status === 'pending')).toHaveLength(
      waited.length,
    ),
  );
  // Well over a minute from its attempt: here at once.
  await service.deps.db.execute('update deliveries set wake_due_at = now() where wake_due_at is not null');
  const next = await service.anotherWorker();
  try {
    await delivered(49);
    await eventually(async () => expect(await owed()).toEqual([]));
    expect(partner.arrived).toHaveLength(49);
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
