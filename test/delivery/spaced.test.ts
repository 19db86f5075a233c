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

test('lanes that slept through their attempts are woken at times apart from each other, and soon', async () => {
  await service.deps.db.execute('update endpoints set max_in_flight = 4 where id = $1', [endpoint]);
  partner.behave((response) => void setTimeout(() => response.writeHead(200).end(), 400));
  const deliveredAre = (count: number) =>
    eventually(async () => expect(await statusesAt(service.deps, endpoint)).toEqual(Array(count).fill('delivered')));
  await service.deps.client.publish(aLead(organization).created()); // known to be slow
  await deliveredAre(1);
  const { spacedTimes, wakes } = service.deps.activityParts;
  const choose = jest.spyOn(spacedTimes, 'choose');
  const woken: number[] = [];
  const markWoken = wakes.woken;
  jest.spyOn(wakes, 'woken').mockImplementation((sleeper) => {
    woken.push(Date.now());
    return markWoken(sleeper);
  });
  const leads = Array.from({ length: 24 }, () => aLead(organization));
  // Something is behind each: else nobody would have to be woken.
  await Promise.all(
    leads.map((lead) =>
      service.deps.client.publishMany([lead.created(), lead.personal({ enriched: true, ownerOccupied: true })]),
    ),
  );
  await deliveredAre(2 * leads.length + 1);
  await eventually(() => {
    expect(choose.mock.results.length).toBeGreaterThan(5);
    expect(woken).toHaveLength(choose.mock.results.length);
  });
  const chosen = choose.mock.results.map(({ value }) => value as number);
  expect(Math.max(...chosen.map((time, index) => time - (choose.mock.calls[index]?.[1] ?? 0)))).toBeLessThan(1_000);
  const times = chosen.toSorted((a, b) => a - b);
  expect(shortest(times)).toBeGreaterThan(2);
  // A timer may come a millisecond early by the other clock, and a busy machine's late.
  for (const [index, time] of times.entries()) expect(woken[index]).toBeGreaterThanOrEqual(time - 2);
});
