import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { startService, type TestService } from '../support/service.ts';
import { type CountingReceiver, startCountingReceiver } from './counting-receiver.ts';
import { statusesAt } from './rows.ts';

/** Work for a crowd at one endpoint does not come all at once, so that others' events need not wait behind it. */
jest.setTimeout(90_000);

const minute = 60_000;
let service: TestService;
beforeAll(async () => {
  service = await startService({ retryScheduleMs: [minute, minute] });
});
afterAll(() => service?.stop());

let partner: CountingReceiver;
let organization: string;
let endpoint: string;
beforeEach(async () => {
  partner = await startCountingReceiver();
  organization = await anOrganization(service.deps);
  ({ id: endpoint } = await anEndpoint(service.deps, organization, partner.url));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await partner.close();
});

/** Watches what times are planned from now on (epoch milliseconds). */
function watchPlanned(): () => number[] {
  const choose = jest.spyOn(service.deps.activityParts.spacedTimes, 'choose');
  return () => choose.mock.results.map(({ value }) => value as number).toSorted((a, b) => a - b);
}

const shortest = (times: number[]): number =>
  Math.min(...times.slice(1).map((time, index) => time - (times[index] ?? Number.NaN)));

test('a crowd that failed at once is due again one after the other, within what the schedule allows', async () => {
  partner.behave((response) => void response.writeHead(503).end());
  const planned = watchPlanned();
  const before = Date.now();
  const leads = Array.from({ length: 40 }, () => aLead(organization));
  await Promise.all(leads.map((lead) => service.deps.client.publish(lead.created())));
  await eventually(async () =>
    expect(await statusesAt(service.deps, endpoint)).toEqual(Array(leads.length).fill('retrying')),
  );
  const due = planned();
  expect(due).toHaveLength(leads.length);
  // Of forty at random within twelve seconds some are nearly always closer than this.
  expect(shortest(due)).toBeGreaterThan(40);
  const rows = await service.deps.db.query<{ next_attempt_at: Date }>(
    'select next_attempt_at from deliveries where endpoint_id = $1 order by next_attempt_at',
    [endpoint],
  );
  const dueInRows = rows.map(({ next_attempt_at: at }) => at.getTime());
  expect(Math.min(...dueInRows)).toBeGreaterThanOrEqual(before + 0.9 * minute);
  // The crowd's own spread: two and a half seconds for 24 more than sixteen.
  expect(Math.max(...dueInRows)).toBeLessThanOrEqual(Date.now() + 1.1 * minute + 2_500);
});

test('lanes that slept through attempts that ended together are woken one after the other, and soon', async () => {
  const places = 12;
  await service.deps.db.execute('update endpoints set max_in_flight = $2 where id = $1', [endpoint, places]);
  const slowMs = 500;
  partner.behave((response) => void setTimeout(() => response.writeHead(200).end(), slowMs));
  await service.deps.client.publish(aLead(organization).created()); // known to be slow
  const deliveredAre = (count: number) =>
    eventually(async () => expect(await statusesAt(service.deps, endpoint)).toEqual(Array(count).fill('delivered')));
  await deliveredAre(1);
  const held: ServerResponse[] = [];
  partner.behave((response) => void held.push(response));
  const leads = Array.from({ length: 2 * places }, () => aLead(organization));
  await Promise.all(leads.map((lead) => service.deps.client.publish(lead.created())));
  const inLine = 'select from deliveries where endpoint_id = $1 and waiting_since is not null';
  await eventually(async () => {
    expect(held).toHaveLength(places);
    expect(await service.deps.db.query(inLine, [endpoint])).toHaveLength(places);
  }, 25_000);
  await sleep(slowMs); // or it would count as fast again
  for (const response of held.splice(0)) response.writeHead(200).end();
  // The other half is called, and answered at one moment.
  await eventually(() => expect(held).toHaveLength(places), 25_000);
  await sleep(slowMs);
  const woken: number[] = [];
  const { wake } = service.deps.activityParts;
  jest.spyOn(service.deps.activityParts, 'wake').mockImplementation((who) => {
    woken.push(Date.now());
    return wake(who);
  });
  const planned = watchPlanned();
  const answeredAt = Date.now();
  for (const response of held) response.writeHead(200).end();
  await deliveredAre(2 * places + 1);
  await eventually(() => expect(woken).toHaveLength(places));
  const moments = planned();
  expect(moments).toHaveLength(places);
  expect(shortest(moments)).toBeGreaterThan(3);
  // A timer may come a millisecond early by the other clock, and a busy machine's late.
  for (const [index, moment] of moments.entries()) expect(woken[index]).toBeGreaterThanOrEqual(moment - 2);
  expect(Math.max(...moments)).toBeLessThan(answeredAt + 2_000);
});
