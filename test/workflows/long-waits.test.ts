import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { leadSubject } from '../../src/domain/ids.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { attemptsOf, deliveriesOf, settled, stageOf } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { timeSkippingEnvironment } from '../support/time-skipping.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

let environment: TestWorkflowEnvironment;
let service: TestService;
let receiver: Receiver;
let organization: string;
beforeAll(async () => {
  environment = await timeSkippingEnvironment();
  // The defaults of the specification, in the server's time; the receiver and its answers are real.
  service = await startService({
    temporalAddress: environment.address,
    retryScheduleMs: [minute, 10 * minute, hour, 4 * hour],
    addressGraceMs: 5_000,
    idleAfterMs: 7 * day,
  });
}, 120_000);
afterAll(async () => {
  await service?.stop();
  await environment?.teardown();
});
beforeEach(async () => {
  receiver = await startReceiver();
  organization = await anOrganization(service.deps);
  await anEndpoint(service.deps, organization, receiver.url);
});
afterEach(() => receiver?.close());

const handleOf = ({ organizationId, leadId }: LeadEvents) =>
  environment.client.workflow.getHandle(leadSubject(organizationId, leadId));

test('the default schedule: attempts after 1 min, 10 min, 1 h and 4 h, the fifth at about 5 h 11 min, then abandoned', async () => {
  receiver.answer({ status: 500 });
  const lead = aLead(organization);
  await service.deps.client.publish(lead.created());
  await eventually(() => expect(receiver.requests).toHaveLength(1));
  const startedAt = await environment.currentTimeMs();

  // Five per cent of the wait at a time: an attempt is seen soon after it was due.
  const gaps: number[] = [];
  let lastAt = startedAt;
  for (const wait of [minute, 10 * minute, hour, 4 * hour]) {
    const attempts = receiver.requests.length;
    for (let step = 0; receiver.requests.length === attempts; step += 1) {
      if (step > 25) throw new Error(`no attempt ${attempts + 1} after ${wait} ms`);
      await environment.sleep(wait / 20);
      await eventually(async () => {
        // Whatever is due has begun, and what began is recorded, before the clock moves on.
        const [delivery] = await deliveriesOf(service.deps, lead);
        expect(delivery?.status).not.toBe('delivering');
        expect(await attemptsOf(service.deps, delivery?.id ?? '')).toHaveLength(receiver.requests.length);
      });
    }
    const now = await environment.currentTimeMs();
    gaps.push(now - lastAt);
    lastAt = now;
  }
  const [first, second, third, fourth] = gaps as [number, number, number, number];
  // Jitter is ±10 %, and a step is seen up to 5 % late.
  for (const [gap, wait] of [
    [first, minute],
    [second, 10 * minute],
    [third, hour],
    [fourth, 4 * hour],
  ] as const) {
    expect(gap / wait).toBeGreaterThan(0.85);
    expect(gap / wait).toBeLessThan(1.2);
  }
  const total = lastAt - startedAt;
  expect(total).toBeGreaterThan(5 * hour + 11 * minute - 0.15 * 5 * hour);
  expect(total).toBeLessThan(5 * hour + 11 * minute + 0.2 * 5 * hour);

  await settled(service.deps, lead, 1);
  expect(await deliveriesOf(service.deps, lead)).toMatchObject([
    { status: 'abandoned', reason: 'exhausted', attempt: 5 },
  ]);
  expect(receiver.requests.map(({ headers }) => headers['x-spark360-attempt'])).toEqual(['1', '2', '3', '4', '5']);
}, 120_000);

test('a lead is put away after seven idle days, not before', async () => {
  const lead = aLead(organization);
  await service.deps.client.publishMany([lead.created(), lead.personal({ enriched: true })]);
  await settled(service.deps, lead, 2);
  await environment.sleep(6 * day);
  expect((await handleOf(lead).describe()).status.name).toBe('RUNNING');
  await environment.sleep(day + minute);
  await eventually(async () => expect((await handleOf(lead).describe()).status.name).toBe('COMPLETED'));
  expect(await stageOf(service.deps, lead)).toBe('complete');
}, 120_000);

test('a write-back that never comes: the lead waits on, for weeks if need be, and goes out when it does', async () => {
  const lead = aLead(organization, { ownerOccupied: true });
  await service.deps.client.publishMany([lead.created(), lead.contact()]);
  await settled(service.deps, lead, 2);
  await environment.sleep(30 * day);
  expect((await handleOf(lead).describe()).status.name).toBe('RUNNING');
  expect(receiver.eventNames()).toEqual(['lead.address_preview']);
  await service.deps.client.publish(lead.enrichment());
  await settled(service.deps, lead, 3);
  expect(receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.contact_requested']);
}, 120_000);
