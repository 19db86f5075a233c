import { describe, expect, test } from '@jest/globals';
import { aLead, type InboundEvent, type LeadEvents, person, street } from '../support/lead-events.ts';
import { deliveriesOf, settled } from '../support/ledger.ts';
import { anEndpoint } from '../support/partners.ts';
import { type ReceivedRequest, startReceiver } from '../support/receiver.ts';
import { documentedSignature, verifySignatures } from '../support/signatures.ts';
import { partnerOfFile } from './partner-of-file.ts';

interface Webhook {
  event: string;
  event_id: string;
  timestamp: string;
  organization_id: string;
  data: Record<string, unknown>;
}

const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const address = {
  formatted: `4711 ${street}, Austin, TX 78701`,
  street_number: '4711',
  street,
  city: 'Austin',
  state: 'TX',
  zip: '78701',
  lat: 30.2672,
  lng: -97.7431,
};
const contact = {
  first_name: person.firstName,
  last_name: person.lastName,
  email: person.email,
  phone: person.phone,
  contact_consent: true,
};
const property = {
  county: 'Travis',
  subdivision: 'Old Town',
  type: 'Single family',
  built_year: '1987',
  years_in_home: '12',
  primary_owner: `${person.firstName} ${person.lastName}`,
  accuracy_code: 'A1',
};

const at = partnerOfFile({ addressGraceMs: 60_000 });

const bodyOf = ({ json }: ReceivedRequest): Webhook => json as Webhook;
const received = (event: string): Webhook => {
  const found = at.receiver.requests.map(bodyOf).filter((body) => body.event === event);
  expect(found).toHaveLength(1);
  return found[0] as Webhook;
};

async function publish(lead: LeadEvents, ...events: InboundEvent[]): Promise<void> {
  await at.service.deps.client.publishMany(events);
  await settled(at.service.deps, lead, events.length);
}

/** What every lead event carries of a lead that came from nowhere in particular. */
const common = (lead: LeadEvents, event: InboundEvent, lead_status: string) => ({
  lead_id: lead.leadId,
  flow_id: event.data.object.flowId,
  lead_status,
  widget_version: '01',
  source_tracking: { widget_version: '01', widget_name: 'Primary', source_code: '01', source_label: 'Website' },
});

describe('the event table', () => {
  test('lead.created at address_info_provided: lead.address_preview, with the address only', async () => {
    const lead = aLead(at.organization);
    const created = lead.created();
    await publish(lead, created);
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview']);
    expect(received('lead.address_preview')).toEqual({
      event: 'lead.address_preview',
      event_id: expect.stringMatching(uuidV4),
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      organization_id: at.organization,
      data: { ...common(lead, created, 'address_info_provided'), address },
    });
  });

  test('lead.updated at project_details_provided: nothing', async () => {
    const lead = aLead(at.organization);
    await publish(lead, lead.created(), lead.details());
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview']);
  });

  test('the personal step alone: nothing yet, lead.enriched waits for the write-back', async () => {
    const lead = aLead(at.organization);
    await publish(lead, lead.created(), lead.personal());
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview']);
  });

  test('personal_info_and_estimate_provided and the write-back: lead.enriched, whole', async () => {
    const lead = aLead(at.organization, { ownerOccupied: true });
    const created = lead.created();
    await publish(lead, created, lead.details(), lead.personal(), lead.enrichment());
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched']);
    expect(received('lead.enriched').data).toEqual({
      ...common(lead, created, 'personal_info_and_estimate_provided'),
      contact,
      address,
      property: { ...property, owner_occupied: true, rental_alert: false },
      roof_estimate: {
        estimate_number: 'E-1001',
        cost_min: 12_000,
        cost_max: 18_500.5,
        roof_area: 2_350,
        roof_material: 'Asphalt shingle',
        complexity: 'Medium',
        average_pitch: 26.5,
        accuracy_alerts: { roof_area: 'none', roof_pitch: 'low confidence' },
      },
      project_details: { reason: 'Storm damage', start_time: 'As soon as possible' },
      // 1 + 9 · (720 − 300) / 550 = 7.87
      spark360_scores: { lead_integrity_score: 8, elevate_score: 6, surepay_score: 8 },
      sales_hacks: ['Offer financing', 'Mention the hail of May'],
      elevate_hack: 'Upgrade to metal',
    });
  });

  test('ownerOccupied = false: lead.rental_alert right after lead.enriched', async () => {
    const lead = aLead(at.organization);
    const created = lead.created();
    await publish(lead, created, lead.personal({ enriched: true, ownerOccupied: false }));
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.rental_alert']);
    expect(received('lead.rental_alert').data).toEqual({
      ...common(lead, created, 'personal_info_and_estimate_provided'),
      address,
      contact,
      property: { ...property, owner_occupied: false, rental_alert: true },
    });
  });

  test.each([
    ['true', true],
    ['unknown', null],
  ])('ownerOccupied %s: no rental alert, and rental_alert is false', async (_name, ownerOccupied) => {
    const lead = aLead(at.organization);
    await publish(lead, lead.created(), lead.personal({ enriched: true, ownerOccupied }));
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched']);
    const sent = received('lead.enriched').data.property as Record<string, unknown>;
    expect(sent.rental_alert).toBe(false);
    expect('owner_occupied' in sent).toBe(ownerOccupied !== null);
  });

  test('contact_info_provided: lead.contact_requested, with how the person wants to be reached', async () => {
    const lead = aLead(at.organization, { ownerOccupied: true });
    const created = lead.created();
    await publish(lead, created, lead.personal({ enriched: true }), lead.contact());
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.contact_requested']);
    expect(received('lead.contact_requested').data).toEqual({
      ...common(lead, created, 'contact_info_provided'),
      contact,
      address,
      contact_preference: { method: 'phone', preferred_time: 'Mornings', notes: 'Ring twice' },
    });
  });

  test('an endpoint gets the events it selected, numbered without a gap', async () => {
    const modest = await startReceiver();
    await anEndpoint(at.service.deps, at.organization, modest.url, {
      events: ['lead.enriched', 'lead.contact_requested'],
    });
    const lead = aLead(at.organization);
    await publish(lead, lead.created(), lead.personal({ enriched: true }), lead.contact());
    expect(modest.eventNames()).toEqual(['lead.enriched', 'lead.contact_requested']);
    expect(modest.requests.map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['1', '2']);
    expect(at.receiver.requests.map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['1', '2', '3', '4']);
    // One event, the same id at every endpoint; a delivery is one endpoint's.
    const idOf = (requests: ReceivedRequest[], header: string) =>
      requests.find(({ headers }) => headers['x-spark360-event'] === 'lead.enriched')?.headers[header];
    expect(idOf(modest.requests, 'webhook-id')).toBe(idOf(at.receiver.requests, 'webhook-id'));
    expect(idOf(modest.requests, 'x-spark360-delivery')).not.toBe(idOf(at.receiver.requests, 'x-spark360-delivery'));
    await modest.close();
  });
});

describe('the request', () => {
  test('verifies with the Standard Webhooks library and in the documented way', async () => {
    const lead = aLead(at.organization);
    await publish(lead, lead.created(), lead.personal({ enriched: true }), lead.contact());
    expect(at.receiver.requests).toHaveLength(4);
    for (const request of at.receiver.requests) verifySignatures(at.endpoint.secret, request);
    const [first] = at.receiver.requests as [ReceivedRequest];
    expect(() => verifySignatures(`whsec_${Buffer.alloc(32).toString('base64')}`, first)).toThrow();
    expect(documentedSignature(at.endpoint.secret, Buffer.from(`${first.rawBody.toString('utf8')} `))).not.toBe(
      first.headers['x-spark360-signature'],
    );
  });

  test('names event, delivery, attempt and sequence in its headers', async () => {
    const lead = aLead(at.organization);
    await publish(lead, lead.created());
    const [request] = at.receiver.requests as [ReceivedRequest];
    const [delivery] = await deliveriesOf(at.service.deps, lead);
    expect(request.method).toBe('POST');
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Spark360-Events\/\d+\.\d+\.\d+$/),
      'webhook-id': bodyOf(request).event_id,
      'x-spark360-event': 'lead.address_preview',
      'x-spark360-delivery': delivery?.id,
      'x-spark360-attempt': '1',
      'x-spark360-attempt-id': expect.stringMatching(uuid),
      'x-spark360-sequence': '1',
    });
    expect(Object.keys(request.headers)).not.toEqual(
      expect.arrayContaining(['x-spark360-resend', 'x-spark360-test', 'x-spark360-signature-next']),
    );
  });
});
