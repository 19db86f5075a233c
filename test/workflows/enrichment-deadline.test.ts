import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { stageOf } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let receiver: Receiver;
let organization: string;
beforeAll(async () => {
  service = await startService({ enrichmentDeadlineMs: 400 });
  receiver = await startReceiver();
  organization = await anOrganization(service.deps);
  await service.deps.db.execute(`update organizations set notify = '{owner@roofing.example}' where id = $1`, [
    organization,
  ]);
  await anEndpoint(service.deps, organization, receiver.url);
});
afterAll(async () => {
  await service?.stop();
  await receiver?.close();
});

const eventsOf = (leadId: string) =>
  receiver.requests
    .map(({ json }) => json as { event: string; data: { lead_id: string; lead_status: string } })
    .filter(({ data }) => data.lead_id === leadId);

const overdueCount = async () => (await service.deps.metrics.enrichmentOverdue.get()).values[0]?.value ?? 0;

test('a contact step without enrichment waits; past the deadline the organization gets its digest and the operator a count', async () => {
  const { client, activityDeps } = service.deps;
  const before = await overdueCount();
  const lead = aLead(organization);
  await client.publishMany([lead.created(), lead.contact()]);
  await eventually(async () => expect(await stageOf(service.deps, lead)).toBe('waiting_for_enrichment'));
  await eventually(async () => expect(await overdueCount()).toBe(before + 1));
  await eventually(() =>
    expect(activityDeps.mailer.captured().some(({ text }) => text.includes(lead.leadId))).toBe(true),
  );
  await client.publish(lead.enrichment());
  await eventually(() =>
    expect(eventsOf(lead.leadId).map(({ event }) => event)).toEqual([
      'lead.address_preview',
      'lead.enriched',
      'lead.rental_alert',
      'lead.contact_requested',
    ]),
  );
  expect(await overdueCount()).toBe(before + 1);
});

test("the operator's release emits lead.enriched with what is known, then the contact event; a write-back after it is superseded", async () => {
  const { client, operations, db } = service.deps;
  const lead = aLead(organization);
  await client.publish(lead.contact());
  await eventually(async () => expect(await stageOf(service.deps, lead)).toBe('waiting_for_enrichment'));
  expect(await operations.completeEnrichment(organization, lead.leadId)).toEqual({ kind: 'released' });
  await eventually(() =>
    expect(eventsOf(lead.leadId).map(({ event }) => event)).toEqual(['lead.enriched', 'lead.contact_requested']),
  );
  const [enriched] = eventsOf(lead.leadId);
  expect(enriched?.data).toMatchObject({
    contact: { first_name: 'Wilhelmina' },
    lead_status: 'personal_info_and_estimate_provided',
  });
  for (const absent of ['property', 'roof_estimate', 'spark360_scores'])
    expect(enriched?.data).not.toHaveProperty(absent);
  const late = lead.enrichment();
  await client.publish(late);
  await eventually(async () =>
    expect(await db.query('select outcome from inbound_events where id = $1', [late.id])).toEqual([
      { outcome: 'superseded' },
    ]),
  );
  expect(await operations.completeEnrichment(organization, lead.leadId)).toEqual({ kind: 'already_enriched' });
});

test('a release names what is missing; a lead never heard of is unknown', async () => {
  const { client, operations } = service.deps;
  const lead = aLead(organization);
  await client.publish(lead.enrichment());
  await eventually(async () => expect(await stageOf(service.deps, lead)).toBe('new'));
  expect(await operations.completeEnrichment(organization, lead.leadId)).toEqual({
    kind: 'blocked',
    missing: ['address', 'personalInfo'],
  });
  expect(await operations.completeEnrichment(organization, '00000000-0000-4000-8000-000000000000')).toEqual({
    kind: 'unknown',
  });
});
