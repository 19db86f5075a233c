import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service?.stop());

test("a lead's whole journey reaches the partner in order, numbered without a gap", async () => {
  const receiver = await startReceiver();
  const organization = await anOrganization(service.deps);
  await anEndpoint(service.deps, organization, receiver.url);
  const lead = aLead(organization);
  for (const event of [lead.created(), lead.details(), lead.personal({ enriched: true }), lead.contact()]) {
    await service.deps.client.publish(event);
  }
  await eventually(() =>
    expect(receiver.eventNames()).toEqual([
      'lead.address_preview',
      'lead.enriched',
      'lead.rental_alert',
      'lead.contact_requested',
    ]),
  );
  expect(receiver.requests.map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['1', '2', '3', '4']);
  await receiver.close();
});
