import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { historiesOf } from '../support/histories.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { startTemporalWith } from '../support/temporal-server.ts';
import { patienceMs, testMs } from './moments.ts';

/** As every server has it by default; ours takes more (src/embedded/temporal.ts). */
const bufferedEvents = 100;
/** `npm run nightly` has 1,000. */
const endpoints = Number(process.env.ENDPOINTS ?? 250);

let temporal: Awaited<ReturnType<typeof startTemporalWith>>;
let service: TestService;
let partner: Receiver;
beforeAll(async () => {
  temporal = await startTemporalWith({ 'history.maximumBufferedEventsBatch': bufferedEvents });
  service = await startService({ temporalAddress: temporal.address });
  partner = await startReceiver();
}, testMs);
afterAll(async () => {
  await partner?.close();
  await service?.stop();
  await temporal?.stop();
}, testMs);

test(
  'a lead with many endpoints: no more answers at once than the server keeps while a task runs: it fails none by force',
  async () => {
    const organization = await anOrganization(service.deps);
    for (let index = 0; index < endpoints; index += 1)
      await anEndpoint(service.deps, organization, `${partner.url}/${index}`);
    const lead = aLead(organization);
    await service.deps.client.publish(lead.created());
    await service.deps.client.publish(lead.personal({ enriched: true, ownerOccupied: true }));
    await eventually(() => expect(partner.requests).toHaveLength(2 * endpoints), patienceMs);
    const histories = await historiesOf(service.deps.temporal, `lead/${organization}/${lead.leadId}`);
    const events = histories.flatMap((history) => history.events ?? []);
    expect(events.filter((event) => event.workflowTaskFailedEventAttributes != null)).toEqual([]);
  },
  testMs,
);
