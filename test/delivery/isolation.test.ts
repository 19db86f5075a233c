import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { deliveryIdsAt, statusesAt } from './rows.ts';

jest.setTimeout(120_000);

let service: TestService;
beforeAll(async () => {
  service = await startService({ retryScheduleMs: [200, 200, 200, 200, 200, 200, 200], attemptTimeoutMs: 3_000 });
});
afterAll(() => service?.stop());

/** More than twice as many as may be under way. */
const leadCount = Number(process.env.ISOLATION_LEADS ?? 40);

/** The bound on what is under way at an endpoint (docs/guarantees.md). */
const most = 16;

test.each([
  [leadCount, 'that nobody has heard of', false],
  [leadCount, 'that was healthy and fast until now', true],
])(
  '%i leads behind a hanging endpoint %s: 16 requests open there, other endpoints of the leads notice nothing',
  async (_count, _which, isWarm) => {
    const { deps } = service;
    const organization = await anOrganization(deps);
    const hanging = await startReceiver();
    const healthy = await startReceiver();
    const { id: hangingId } = await anEndpoint(deps, organization, hanging.url);
    const { id: healthyId } = await anEndpoint(deps, organization, healthy.url);
    const warm = isWarm ? 5 : 0;
    for (let lead = 0; lead < warm; lead += 1) await deps.client.publish(aLead(organization).created());
    await eventually(() => expect(hanging.requests).toHaveLength(warm));

    hanging.answer({ hang: true });
    const leads = Array.from({ length: leadCount }, () => aLead(organization));
    await Promise.all(leads.map((lead) => deps.client.publish(lead.created())));
    await eventually(() => expect(healthy.requests).toHaveLength(warm + leadCount));
    await Promise.all(leads.map((lead) => deps.client.publish(lead.personal({ enriched: true }))));
    await eventually(() => expect(healthy.requests).toHaveLength(warm + 3 * leadCount));
    await eventually(async () => expect(new Set(await statusesAt(deps, healthyId))).toEqual(new Set(['delivered'])));
    await sleep(2_000);
    expect(hanging.open.most).toBeGreaterThan(4);
    expect(hanging.open.most).toBeLessThanOrEqual(most);

    // It answers again: everything goes out, and nobody was forgotten in the queue for a place.
    hanging.answer({});
    await eventually(async () => expect(new Set(await statusesAt(deps, hangingId))).toEqual(new Set(['delivered'])));
    expect(await deliveryIdsAt(deps, hangingId)).toHaveLength(warm + 3 * leadCount);
    expect(hanging.open.most).toBeLessThanOrEqual(most);
    await hanging.close();
    await healthy.close();
  },
);
