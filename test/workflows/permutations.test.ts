import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aLead, type InboundEvent, type LeadEvents } from '../support/lead-events.ts';
import { settled } from '../support/ledger.ts';
import { isTaken } from '../support/oracle.ts';
import { expectInOrder } from '../support/order.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { seeded } from '../support/seeded.ts';
import { startService, type TestService } from '../support/service.ts';

type Sending = (lead: LeadEvents) => InboundEvent;

/** Each a step of the journey; the timestamps are the journey's, only the order of arrival changes. */
const journey: Record<string, Sending> = {
  address: (lead) => lead.created(),
  details: (lead) => lead.details(),
  enrichment: (lead) => lead.personal({ enriched: true }),
  contact: (lead) => lead.contact(),
};

const permutations = <Item>(items: readonly Item[]): Item[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));

let service: TestService;
let reliable: Receiver;
let failing: Receiver;
let organization: string;
beforeAll(async () => {
  service = await startService({ addressGraceMs: 200, retryScheduleMs: Array.from({ length: 30 }, () => 20) });
  organization = await anOrganization(service.deps);
  reliable = await startReceiver();
  const random = seeded(360);
  failing = await startReceiver(() => ({ status: random() < 0.4 ? 500 : 200 }));
  await anEndpoint(service.deps, organization, reliable.url);
  await anEndpoint(service.deps, organization, failing.url);
});
afterAll(async () => {
  await service?.stop();
  await Promise.all([reliable?.close(), failing?.close()]);
});

const at = ({ requests }: Receiver, { leadId }: LeadEvents) => requests.filter((request) => request.leadId === leadId);

function expectPromised(lead: LeadEvents, isWhole: boolean): void {
  for (const arrivals of [at(reliable, lead), at(failing, lead)]) {
    expectInOrder(arrivals);
    const events = arrivals.filter(isTaken).map(({ event }) => event);
    const afterPreview = events[0] === 'lead.address_preview' ? events.slice(1) : events;
    expect(afterPreview).toEqual([
      'lead.enriched',
      'lead.rental_alert',
      ...(isWhole ? ['lead.contact_requested'] : []),
    ]);
  }
}

/** Made in the journey's order, so that their timestamps are; published in the order of `names`. */
function aJourney(steps: Record<string, Sending>, names: readonly string[]) {
  const lead = aLead(organization);
  const events = Object.fromEntries(Object.entries(steps).map(([name, make]) => [name, make(lead)]));
  return { lead, events: names.map((name) => events[name]) };
}

const ordersOf = (steps: Record<string, Sending>) =>
  permutations(Object.keys(steps)).map((names) => ({ order: names.join(', '), names }));

describe('all 24 orders of a journey, to an endpoint that is well and one that fails two attempts in five', () => {
  // All leads at once: their retries then wait side by side.
  const leads = new Map<string, LeadEvents>();
  beforeAll(async () => {
    await Promise.all(
      ordersOf(journey).flatMap(({ order, names }) => {
        const concurrent = aJourney(journey, names);
        const spaced = aJourney(journey, names);
        leads.set(`at once: ${order}`, concurrent.lead).set(`one by one: ${order}`, spaced.lead);
        return [
          Promise.all(concurrent.events.map((event) => service.deps.client.publish(event))),
          service.deps.client.publishMany(spaced.events),
        ];
      }),
    );
  });

  test.each(ordersOf(journey).flatMap(({ order }) => [`at once: ${order}`, `one by one: ${order}`]))(
    '%s',
    async (name) => {
      const lead = leads.get(name) as LeadEvents;
      await settled(service.deps, lead, 4);
      expectPromised(lead, true);
    },
  );
});

describe('the personal step and the write-back as events of their own', () => {
  const steps: Record<string, Sending> = {
    address: (lead) => lead.created(),
    personal: (lead) => lead.personal(),
    'write-back': (lead) => lead.enrichment(),
  };
  const leads = new Map<string, LeadEvents>();
  beforeAll(async () => {
    await Promise.all(
      ordersOf(steps).map(({ order, names }) => {
        const { lead, events } = aJourney(steps, names);
        leads.set(order, lead);
        return Promise.all(events.map((event) => service.deps.client.publish(event)));
      }),
    );
  });

  test.each(ordersOf(steps).map(({ order }) => order))('%s', async (order) => {
    const lead = leads.get(order) as LeadEvents;
    await settled(service.deps, lead, 3);
    expectPromised(lead, false);
  });
});

test('the failing endpoint did fail, and often', () => {
  const refused = failing.requests.filter((request) => !isTaken(request)).length;
  expect(refused / failing.requests.length).toBeGreaterThan(0.3);
  expect(reliable.requests.every((request) => isTaken(request) && request.attempt === 1)).toBe(true);
});
