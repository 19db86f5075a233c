import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { shownStatus } from '../../src/db/shown-status.ts';
import { buildDeps, type Deps } from '../../src/deps.ts';
import { type Workers, workersOf } from '../support/workers.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually } from '../support/eventually.ts';
import { type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { testConfig } from '../support/config.ts';
import { createTestDatabase, type TestDatabase, uniqueTaskQueue } from '../support/services.ts';
import { endpointRow } from '../delivery/rows.ts';

/** How many leads are held: `npm run nightly` has 2,000, `npm run storm:resume` 10,000. */
const leads = Number(process.env.STORM_LEADS ?? 120);
const eventsPerLead = 2;
/** Publishing, draining at 100 leads a second, and what taking over from a killed worker takes (milliseconds). */
const patienceMs = 120_000 + leads * 120;
const maxOpen = 16;
/** What a process may take to record an answer; killed within it, it sends again (milliseconds). */
const recordingMs = 3_000;

jest.setTimeout(2 * patienceMs + 120_000);

let database: TestDatabase;
let deps: Deps;
let workers: Workers;
let receiver: Receiver;
beforeAll(async () => {
  database = await createTestDatabase();
  deps = await buildDeps(testConfig(database.url, { attemptTimeoutMs: 3_000 }), {
    role: 'storm',
    taskQueue: uniqueTaskQueue('storm'),
  });
  workers = workersOf(deps);
  await workers.start();
  receiver = await startReceiver({ delayMs: 25 });
});
afterAll(async () => {
  await workers?.stopAll();
  await receiver?.close();
  await deps?.close();
  await database?.drop();
});

const say = (line: string): void => void (leads > 1_000 && process.stderr.write(`${line}\n`));
const seconds = (from: number): string => `${((Date.now() - from) / 1_000).toFixed(1)} s`;

/**
 * Publishes two events of each of so many leads to a paused endpoint, a few at a time, and waits until all are held.
 */
async function held(): Promise<string> {
  const organization = await anOrganization(deps);
  const { id: endpoint } = await anEndpoint(deps, organization, receiver.url);
  await deps.operations.pause(endpoint);
  const startedAt = Date.now();
  let next = 0;
  const publishing = async (): Promise<void> => {
    while (next++ < leads) {
      const lead = aLead(organization, { ownerOccupied: true });
      await deps.client.publish(lead.created());
      await deps.client.publish(lead.personal({ enriched: true }));
    }
  };
  await Promise.all(Array.from({ length: 16 }, publishing));
  await eventually(async () => expect(await countOf(endpoint, 'held')).toBe(leads * eventsPerLead), patienceMs);
  say(`${leads} leads held after ${seconds(startedAt)}`);
  return endpoint;
}

async function countOf(endpoint: string, status: string): Promise<number> {
  const [row] = await deps.db.query<{ count: number }>(
    `select count(*)::int as count from deliveries d join endpoints p on p.id = d.endpoint_id
      where d.endpoint_id = $1 and ${shownStatus} = $2`,
    [endpoint, status],
  );
  // Looked at often while many are counted.
  await sleep(leads > 1_000 ? 1_000 : 50);
  return row?.count ?? 0;
}

/** Resumes, and lets `disturb` happen when a third is delivered. */
async function resumed(endpoint: string, disturb: () => Promise<void>): Promise<ReceivedRequest[]> {
  const before = receiver.requests.length;
  receiver.open.most = 0;
  const startedAt = Date.now();
  await deps.operations.resume(endpoint);
  await eventually(
    async () => expect(await countOf(endpoint, 'delivered')).toBeGreaterThan((leads * eventsPerLead) / 3),
    patienceMs,
  );
  await disturb();
  await eventually(async () => expect(await countOf(endpoint, 'delivered')).toBe(leads * eventsPerLead), patienceMs);
  await eventually(async () => expect(await endpointRow(deps, endpoint)).toMatchObject({ resume_phase: null }));
  say(`drained after ${seconds(startedAt)}; most requests open at once: ${receiver.open.most}`);
  return receiver.requests.slice(before);
}

/** Every lead in order; gives what came again, with when it was first taken. */
function repeatsOf(arrived: readonly ReceivedRequest[]): { first: ReceivedRequest; again: ReceivedRequest }[] {
  const repeats: { first: ReceivedRequest; again: ReceivedRequest }[] = [];
  const byLead = new Map<string, ReceivedRequest[]>();
  for (const one of arrived) byLead.set(one.leadId, [...(byLead.get(one.leadId) ?? []), one]);
  expect(byLead.size).toBe(leads);
  for (const own of byLead.values()) {
    const firsts = own.filter((one, index) => own.findIndex(({ eventId }) => eventId === one.eventId) === index);
    expect(firsts.map(({ sequence }) => sequence)).toEqual([1, 2]);
    for (const again of own.filter((one) => !firsts.includes(one))) {
      repeats.push({ first: firsts.find(({ eventId }) => eventId === again.eventId) as ReceivedRequest, again });
    }
  }
  return repeats;
}

test('many held leads are resumed while the worker is replaced: bounded, in order, each event once', async () => {
  const endpoint = await held();
  const arrived = await resumed(endpoint, async () => {
    await workers.start();
    await workers.stop();
  });
  expect(repeatsOf(arrived)).toEqual([]);
  expect(receiver.open.most).toBeLessThanOrEqual(maxOpen);
});

test('many held leads are resumed while the worker is killed: nothing is lost, and only what was under way comes again', async () => {
  const endpoint = await held();
  const arrived = await resumed(endpoint, async () => {
    workers.kill();
    await sleep(1_000);
    await workers.start();
  });
  const killedAt = workers.kills.at(-1) ?? 0;
  const repeats = repeatsOf(arrived);
  say(`sent again after the kill: ${repeats.length}`);
  expect(repeats.length).toBeLessThanOrEqual(2 * maxOpen);
  for (const { first, again } of repeats) {
    expect(again.attempt).toBe(first.attempt);
    expect(killedAt - first.at).toBeLessThan(recordingMs);
    expect(again.at).toBeGreaterThan(killedAt);
  }
  expect(receiver.open.most).toBeLessThanOrEqual(maxOpen);
});
