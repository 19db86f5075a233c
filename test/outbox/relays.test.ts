import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { leadSubject } from '../../src/domain/ids.ts';
import { stepSignals } from '../../workflows/messages.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { expectInOrder } from '../support/order.ts';
import type { ReceivedRequest } from '../support/receiver.ts';
import { eventually } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { aPartner, type Partner, publish, wholeJourney } from './backend.ts';
import type { Role } from '../support/role.ts';
import { startSourceRole } from '../support/source-role.ts';

const leadCount = Number(process.env.OUTBOX_LEADS ?? 100);

let service: TestService;
let partner: Partner;
const relays: Role[] = [];
const startOne = async (): Promise<Role> => {
  const relay = await startSourceRole('relay', service.deps);
  relays.push(relay);
  return relay;
};

beforeAll(async () => {
  service = await startService();
  partner = await aPartner(service.deps);
});
afterAll(async () => {
  await Promise.all(relays.map((relay) => relay.end()));
  await partner?.receiver.close();
  await service?.stop();
});

const stepsOf = (lead: LeadEvents) => [
  lead.created(),
  lead.details(),
  lead.personal({ enriched: true }),
  lead.contact(),
];

async function pending(): Promise<number> {
  const [row] = await service.deps.db.query<{ count: number }>(
    'select count(*)::int as count from spark360.outbox where done_at is null',
  );
  return row?.count ?? -1;
}

/**
 * The steps of a lead in the order in which Temporal took their signals,
 * repeats left out: by its history, not by our word.
 */
async function signalOrder({ organizationId, leadId }: LeadEvents): Promise<string[]> {
  const handle = service.deps.temporal.workflow.getHandle(leadSubject(organizationId, leadId));
  const { events } = await handle.fetchHistory();
  const names = (events ?? []).flatMap((event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? []);
  // Workers signal what became of attempts, too.
  return [...new Set(names)].filter((name) => Object.hasOwn(stepSignals, name));
}

test(`three relays, one killed and one frozen in the middle: ${leadCount} leads arrive whole and in order`, async () => {
  const [first, second] = [await startOne(), await startOne(), await startOne()];
  const leads = Array.from({ length: leadCount }, () => aLead(partner.organizationId));
  const journeys = leads.map(stepsOf);
  const write = async (): Promise<void> => {
    for (let step = 0; step < 4; step += 1) {
      for (const journey of journeys) await publish(service.deps.db, journey[step]);
    }
  };
  const written = write();
  await eventually(() => expect(partner.receiver.requests.length).toBeGreaterThan(leadCount / 2));
  void first.end();
  second.freeze();
  const replacement = startOne();
  await sleep(1_000);
  second.thaw();
  await Promise.all([written, replacement]);
  await eventually(async () => expect(await pending()).toBe(0), 90_000);
  await eventually(() => expect(partner.receiver.requests.length).toBeGreaterThanOrEqual(leadCount * 4), 90_000);

  const byLead = new Map<string, ReceivedRequest[]>(leads.map(({ leadId }) => [leadId, []]));
  for (const arrival of partner.receiver.requests) byLead.get(arrival.leadId)?.push(arrival);
  for (const arrivals of byLead.values()) {
    expect(arrivals.map(({ event }) => event)).toEqual(wholeJourney);
    expectInOrder(arrivals);
  }
  for (const lead of leads) expect(await signalOrder(lead)).toEqual(['address', 'details', 'enrichment', 'contact']);
}, 240_000);

test('a relay asked to end finishes what is in hand; the others do the rest', async () => {
  const lead = aLead(partner.organizationId);
  const [ending] = relays.slice(-1);
  for (const event of stepsOf(lead)) await publish(service.deps.db, event);
  expect((await ending?.stop())?.code).toBe(0);
  await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(wholeJourney));
});
