import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { statusesAt } from './rows.ts';

let service: TestService;
let other: Awaited<ReturnType<TestService['anotherWorker']>>;
beforeAll(async () => {
  service = await startService();
  other = await service.anotherWorker();
});
afterAll(async () => {
  await other?.stop();
  await service?.stop();
});

let partner: Receiver;
let organization: string;
let endpoint: string;
beforeEach(async () => {
  partner = await startReceiver();
  organization = await anOrganization(service.deps);
  ({ id: endpoint } = await anEndpoint(service.deps, organization, partner.url));
});

afterEach(() => partner.close());

const bound = (column: 'max_in_flight' | 'rate_limit', value: number | null) =>
  service.deps.db.execute(`update endpoints set ${column} = $2 where id = $1`, [endpoint, value]);
const publish = (count: number) =>
  Promise.all(Array.from({ length: count }, () => service.deps.client.publish(aLead(organization).created())));
const allDelivered = (count: number) =>
  eventually(async () => expect(await statusesAt(service.deps, endpoint)).toEqual(Array(count).fill('delivered')));

/** The most that began within any one second. */
function mostInASecond(times: number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.max(...sorted.map((at, index) => sorted.slice(index).filter((later) => later < at + 1_000).length));
}

test('a rate limit of 5: 30 leads at once arrive in five to six seconds, evenly, each by its first attempt, from two workers', async () => {
  await bound('rate_limit', 5);
  await publish(30);
  await allDelivered(30);
  // By Postgres's clock, which the limit goes by: a busy machine sends, and hears, late.
  const begun = await service.deps.db.query<{ at: Date }>(
    'select attempt_started_at as at from deliveries where endpoint_id = $1',
    [endpoint],
  );
  const times = begun.map(({ at }) => at.getTime());
  // One more at the window's edge, and one that was late.
  expect(mostInASecond(times)).toBeLessThanOrEqual(7);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(5_000);
  expect(partner.requests.every(({ attempt }) => attempt === 1)).toBe(true);
  expect(partner.requests).toHaveLength(30);
});

test('a rate limit holds for retries too, and taking it away lets everything go at once', async () => {
  await bound('rate_limit', 4);
  partner.answer(({ attempt }) => ({ status: attempt === 1 ? 500 : 200 }));
  const startedAt = Date.now();
  await publish(8);
  await eventually(() => expect(partner.requests.length).toBeGreaterThanOrEqual(12));
  // None comes before its turn, but for one that was late.
  for (const [index, { at }] of partner.requests.entries())
    expect(at - startedAt).toBeGreaterThanOrEqual((1_000 * (index - 1)) / 4 - 100);
  await bound('rate_limit', null);
  await allDelivered(8);
});

test('what was to be dispatched by workers that died is dispatched by one that notices it, and by the next one that starts', async () => {
  // So slow that leads come faster on any machine: else none would have to queue.
  await bound('rate_limit', 3);
  const dead = [service, other].map(({ deps }) => jest.spyOn(deps.delivery.queue, 'dispatchLater').mockReturnValue());
  try {
    await publish(20);
    // Attempts that end dispatch too, but nothing does when a token becomes free later.
    await eventually(async () => {
      const before = partner.requests.length;
      await sleep(1_000);
      expect(partner.requests.length).toBe(before);
    });
    const before = partner.requests.length;
    expect(before).toBeLessThan(20);
    await service.deps.db.execute(
      `insert into workers (id, seen_at, since) values (gen_random_uuid(), now() - interval '1 minute', now() - interval '1 hour')`,
    );
    await eventually(() => expect(partner.requests.length).toBeGreaterThan(before));
    const next = await service.anotherWorker();
    try {
      await allDelivered(20);
    } finally {
      await next.stop();
    }
  } finally {
    for (const spy of dead) spy.mockRestore();
  }
});

test('a lead that is terminated while it queues holds no other one up, and is sent in its turn', async () => {
  await bound('rate_limit', 2);
  await publish(12);
  const { db, temporal } = service.deps;
  const [, second] = await eventually(async () => {
    const queue = await db.query<{ subject: string }>(
      'select subject from endpoint_queue q join deliveries d on d.id = q.delivery_id where q.endpoint_id = $1 order by queued_at',
      [endpoint],
    );
    expect(queue.length).toBeGreaterThan(2);
    return queue;
  });
  await temporal.workflow.getHandle(second?.subject ?? '').terminate('by hand');
  await allDelivered(12);
  expect(partner.requests).toHaveLength(12);
});

test('at most one request at a time: 40 leads of a fast endpoint go one by one, from two workers', async () => {
  await publish(5);
  await allDelivered(5); // both know it to be fast
  await bound('max_in_flight', 1);
  partner.answer({ delayMs: 20 });
  partner.open.most = 0;
  await publish(40);
  await allDelivered(45);
  expect(partner.open.most).toBe(1);
});

test('a slow endpoint has at most its slots open, over two workers, and each delivery is sent once', async () => {
  partner.answer({ delayMs: 600 });
  await publish(1);
  await allDelivered(1); // known to be slow
  await publish(80);
  await allDelivered(81);
  expect(partner.requests).toHaveLength(81);
  expect(partner.open.most).toBeLessThanOrEqual(16);
  expect(partner.open.most).toBeGreaterThan(8);
});
