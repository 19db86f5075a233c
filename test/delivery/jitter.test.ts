import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { startReceiver } from '../support/receiver.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { startService, type TestService } from '../support/service.ts';
import { statusesAt } from './rows.ts';

const minute = 60_000;
let service: TestService;
beforeAll(async () => {
  service = await startService({ retryScheduleMs: [minute, minute] });
});
afterAll(() => service?.stop());

test('a crowd that failed at once is retried by the schedule, within 10 %, however many they are', async () => {
  const partner = await startReceiver({ status: 503 });
  const organization = await anOrganization(service.deps);
  const { id: endpoint } = await anEndpoint(service.deps, organization, partner.url);
  const before = Date.now();
  const leads = Array.from({ length: 60 }, () => aLead(organization));
  await Promise.all(leads.map((lead) => service.deps.client.publish(lead.created())));
  await eventually(async () =>
    expect(await statusesAt(service.deps, endpoint)).toEqual(Array(leads.length).fill('retrying')),
  );
  const rows = await service.deps.db.query<{ next_attempt_at: Date }>(
    'select next_attempt_at from deliveries where endpoint_id = $1',
    [endpoint],
  );
  const due = rows.map(({ next_attempt_at: at }) => at.getTime());
  expect(Math.min(...due)).toBeGreaterThanOrEqual(before + 0.9 * minute);
  expect(Math.max(...due)).toBeLessThanOrEqual(Date.now() + 1.1 * minute);
  await partner.close();
});
