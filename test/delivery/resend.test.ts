import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { buildDeps, type Deps } from '../../src/deps.ts';
import { observeResend } from '../../src/telemetry/attempts.ts';
import { type RunningWorker, startWorker } from '../../src/temporal/worker.ts';
import { keptLog } from '../mail/log-lines.ts';
import { aLead } from '../support/lead-events.ts';
import { attemptsOf, type DeliveryRow, deliveriesOf, settled } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { testConfig } from '../support/config.ts';
import { testBundle } from '../support/service.ts';
import { createTestDatabase, type TestDatabase, uniqueTaskQueue } from '../support/services.ts';

let database: TestDatabase;
let deps: Deps;
let worker: RunningWorker;
let receiver: Receiver;
let organization: string;
let endpoint: { id: string };
const log = keptLog();

beforeAll(async () => {
  database = await createTestDatabase();
  deps = await buildDeps(testConfig(database.url), { role: 'test', taskQueue: uniqueTaskQueue() });
  const heard = { ...deps.activityDeps, observeResend: observeResend({ log: log.log, metrics: deps.metrics }) };
  worker = await startWorker({ ...deps, activityDeps: heard }, await testBundle());
});
afterAll(async () => {
  await worker?.stop();
  await deps?.close();
  await database?.drop();
});
beforeEach(async () => {
  receiver = await startReceiver();
  organization = await anOrganization(deps);
  endpoint = await anEndpoint(deps, organization, receiver.url);
});
afterEach(() => receiver?.close());

/** One lead's only delivery, settled: `status` is what the partner answers to it. */
async function aSettledDelivery(status: number): Promise<DeliveryRow> {
  receiver.answer({ status });
  const lead = aLead(organization);
  await deps.client.publish(lead.created());
  await settled(deps, lead, 1);
  const [delivery] = await deliveriesOf(deps, lead);
  if (delivery === undefined) throw new Error('no delivery');
  return delivery;
}

const statusOf = async ({ id }: DeliveryRow) =>
  (await deps.db.query('select status, reason, attempt, attempts_before from deliveries where id = $1', [id]))[0];
const healthOf = async () =>
  (
    await deps.db.query(
      'select status, episode, failing_since, abandoned_in_row, recovered_at from endpoints where id = $1',
      [endpoint.id],
    )
  )[0];
const lineOf = (id: string): Record<string, unknown> | undefined =>
  log
    .text()
    .split('\n')
    .filter((line) => line.includes(id))
    .map((line) => JSON.parse(line) as Record<string, unknown>)[0];
/** Its workflow may still be closing when the attempt is there. */
const resend = (delivery: DeliveryRow): Promise<void> =>
  eventually(async () => expect(await deps.operations.resend(delivery.id)).toBe(true));
const numbers = () =>
  receiver.requests.map(({ headers }) => [headers['x-spark360-attempt'], headers['x-spark360-resend']]);

test('a resend is logged and counted like every attempt, marked as one, and a failing one is no failure of the endpoint', async () => {
  const delivery = await aSettledDelivery(200);
  const before = await healthOf();
  receiver.answer({ status: 503, body: 'not now' });
  await resend(delivery);
  const failed = await eventually(() => {
    const line = lineOf(delivery.id);
    if (line === undefined) throw new Error('no line');
    return line;
  });
  const sent = receiver.requests.at(-1)?.headers;
  expect(failed).toMatchObject({
    msg: 'attempt',
    level: 'warn',
    event_id: delivery.event_id,
    event: 'lead.address_preview',
    endpoint_id: endpoint.id,
    delivery_id: delivery.id,
    sequence: 1,
    attempt: 2,
    attempt_id: sent?.['x-spark360-attempt-id'],
    resend: true,
    outcome: 'abandoned',
    reason: 'exhausted',
    status_code: 503,
    error_class: null,
    duration_ms: expect.any(Number),
  });
  expect(JSON.stringify(failed)).not.toContain('not now');
  expect(await healthOf()).toEqual(before);
  expect(await statusOf(delivery)).toMatchObject({ status: 'delivered', reason: null, attempt: 2 });

  receiver.answer({});
  await resend(delivery);
  await eventually(async () => {
    const metrics = await deps.metrics.registry.metrics();
    expect(metrics).toMatch(/^spark360_resends_total\{outcome="abandoned"\} 1$/m);
    expect(metrics).toMatch(/^spark360_resends_total\{outcome="delivered"\} 1$/m);
    expect(metrics).toMatch(/^spark360_delivery_attempts_total\{outcome="delivered"\} 1$/m);
    expect(metrics).toMatch(/^spark360_accepted_to_delivered_seconds_count 1$/m);
  });
});

test('a recovery that takes up what is just being sent again goes on with the next number', async () => {
  const delivery = await aSettledDelivery(400);
  receiver.answer((_request, index) => (index === 1 ? { status: 500, delayMs: 1_500 } : {}));
  await resend(delivery);
  await eventually(() => expect(receiver.requests).toHaveLength(2));
  await deps.operations.recover({
    organizationId: organization,
    endpointId: endpoint.id,
    since: new Date(0),
    until: new Date(),
  });
  await eventually(async () => expect(await attemptsOf(deps, delivery.id)).toHaveLength(3));
  expect(numbers()).toEqual([
    ['1', undefined],
    ['2', 'true'],
    ['3', 'true'],
  ]);
  const logged = (await attemptsOf(deps, delivery.id)).map(({ number, status_code }) => [number, status_code]);
  expect(logged).toEqual([
    [1, 400],
    [2, 500],
    [3, 200],
  ]);
  expect(await statusOf(delivery)).toEqual({ status: 'delivered', reason: null, attempt: 3, attempts_before: 2 });
});

/**
 * Skipped while its first attempt, which takes two seconds, is on its way, and sent again so many milliseconds later.
 */
async function skippedAndResent(afterMs: number): Promise<DeliveryRow> {
  receiver.answer((_request, index) => (index === 0 ? { status: 500, delayMs: 2_000 } : {}));
  const lead = aLead(organization);
  await deps.client.publish(lead.created());
  await eventually(() => expect(receiver.requests).toHaveLength(1));
  const [delivery] = await deliveriesOf(deps, lead);
  if (delivery === undefined) throw new Error('no delivery');
  expect(await deps.operations.skip(delivery.id)).toBe(true);
  await sleep(afterMs);
  await resend(delivery);
  return delivery;
}

test.each([
  ['no row shows yet', 0],
  ['was handed over', 1_000],
])('a first attempt that %s keeps its number when its delivery is skipped and sent again', async (_name, afterMs) => {
  const delivery = await skippedAndResent(afterMs);
  await eventually(async () => expect(await attemptsOf(deps, delivery.id)).toHaveLength(2));
  expect(numbers()).toEqual([
    ['1', undefined],
    ['2', 'true'],
  ]);
  const logged = (await attemptsOf(deps, delivery.id)).map(({ number, status_code }) => [number, status_code]);
  expect(logged).toEqual([
    [1, 500],
    [2, 200],
  ]);
  expect(await statusOf(delivery)).toEqual({ status: 'delivered', reason: null, attempt: 2, attempts_before: 0 });
});

test('a resend whose number a recovery has used, or may use, sends nothing; one that is repeated finds its own', async () => {
  const { beginResend, resendNumber } = deps.activityDeps.manualDelivery;
  const delivery = await aSettledDelivery(400);
  expect(await resendNumber(delivery.id)).toBe(2);
  await deps.db.execute(`update deliveries set status = 'pending', reason = null, settled_at = null where id = $1`, [
    delivery.id,
  ]);
  expect(await beginResend(delivery.id, 2)).toBeNull();
  await deps.db.execute(
    `update deliveries set status = 'abandoned', reason = 'exhausted', settled_at = now(), attempt = 2 where id = $1`,
    [delivery.id],
  );
  await deps.db.execute(
    `insert into attempts (id, delivery_id, number, started_at, duration_ms) values (gen_random_uuid(), $1, 2, now(), 1)`,
    [delivery.id],
  );
  expect(await beginResend(delivery.id, 2)).toBeNull();
  expect(await resendNumber(delivery.id)).toBe(3);
  expect(await beginResend(delivery.id, 3)).toMatchObject({ deliveryId: delivery.id });
  expect(await beginResend(delivery.id, 3)).toMatchObject({ deliveryId: delivery.id });
  expect(await resendNumber(delivery.id)).toBe(4);
});
