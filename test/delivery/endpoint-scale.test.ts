import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { deliveries } from '../../src/db/deliveries.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually } from '../support/eventually.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { rowsWithoutWorkflows } from '../support/unsettled-rows.ts';
import { endpointRow, statusesAt } from './rows.ts';

// A pause, a resume, a deletion and a recovery of an endpoint at which very much waits: `npm run bench -- endpoint` has
// half a million deliveries.
jest.setTimeout(300_000);

const leads = 5_000;
const eventsPerLead = 4;

let service: TestService;
let partner: Receiver;
let organization: string;
let endpoint: string;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service?.stop());
beforeEach(async () => {
  partner = await startReceiver();
  organization = await anOrganization(service.deps);
  ({ id: endpoint } = await anEndpoint(service.deps, organization, partner.url));
});
afterEach(() => partner?.close());

/** How many read as what, by status. */
async function counts(): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const status of await statusesAt(service.deps, endpoint)) found[status] = (found[status] ?? 0) + 1;
  return found;
}

/** How many rows say so: a verb changes the endpoint's row, and they follow in batches. */
async function storedAs(status: string): Promise<number> {
  const [row] = await service.deps.db.query<{ count: number }>(
    'select count(*)::int as count from deliveries where endpoint_id = $1 and status = $2',
    [endpoint, status],
  );
  return row?.count ?? 0;
}

const listed = async (status: 'held' | 'pending' | 'abandoned') =>
  (await deliveries(service.deps.db).list(organization, { status }, { limit: 50, after: null })).rows.length;

/** Another endpoint of the same organization takes an event as if nothing were there. */
async function expectOthersGo(): Promise<void> {
  const before = partner.requests.length;
  const other = await anOrganization(service.deps);
  const { id } = await anEndpoint(service.deps, other, partner.url);
  await service.deps.client.publish(aLead(other).created());
  await eventually(async () => expect(await statusesAt(service.deps, id)).toEqual(['delivered']));
  expect(partner.requests.length).toBeGreaterThan(before);
}

test('ten leads are terminated while their endpoint is paused: all go out in order on resume, and the ten are reported', async () => {
  const { operations, client, temporal, metrics, activityDeps } = service.deps;
  await operations.pause(endpoint);
  const held = Array.from({ length: 30 }, () => aLead(organization, { ownerOccupied: true }));
  for (const lead of held) await client.publishMany([lead.created(), lead.personal({ enriched: true })]);
  await eventually(async () => expect(await counts()).toEqual({ held: 60 }));
  const before = (await metrics.takeovers.get()).values[0]?.value ?? 0;
  const warned = jest.spyOn(activityDeps.log, 'warn');
  for (const { leadId } of held.slice(0, 10)) {
    await temporal.workflow.getHandle(`lead/${organization}/${leadId}`).terminate('by hand');
  }
  await operations.resume(endpoint);
  await eventually(async () => expect(await counts()).toEqual({ delivered: 60 }));
  await eventually(async () => expect(await endpointRow(service.deps, endpoint)).toMatchObject({ resume_phase: null }));
  for (const { leadId } of held) {
    expect(partner.requests.filter((one) => one.leadId === leadId).map(({ sequence }) => sequence)).toEqual([1, 2]);
  }
  expect((await metrics.takeovers.get()).values[0]?.value).toBe(before + 10);
  const reported = warned.mock.calls.map(([fields]) => (fields as { workflow_id?: string }).workflow_id);
  for (const { leadId } of held.slice(0, 10)) expect(reported).toContain(`lead/${organization}/${leadId}`);
});

test('a lead, a widget and a recovery that are cancelled go on with what they have', async () => {
  const { operations, client, temporal } = service.deps;
  await operations.pause(endpoint);
  const lead = aLead(organization);
  await client.publish(lead.created());
  await eventually(async () => expect(await counts()).toEqual({ held: 1 }));
  await temporal.workflow.getHandle(`lead/${organization}/${lead.leadId}`).cancel();
  await client.publish(lead.personal({ enriched: true, ownerOccupied: true }));
  await operations.resume(endpoint);
  await eventually(async () => expect(await counts()).toEqual({ delivered: 2 }));
});

test('a delivery that nobody works at, though nothing stands in its way, is found and taken over', async () => {
  const { db, activityDeps } = service.deps;
  await rowsWithoutWorkflows(db, { organization, endpoint, leads: 2 });
  expect(await activityDeps.overdue.next({ endpointId: endpoint, after: null }, 100)).toMatchObject({ wakes: [] });
  await db.execute(`update deliveries set created_at = now() - interval '6 minutes' where endpoint_id = $1`, [
    endpoint,
  ]);
  await service.deps.temporal.workflow.execute('overdue', {
    workflowId: `overdue/${endpoint}`,
    taskQueue: service.deps.taskQueue,
    args: [],
  });
  await eventually(async () => expect(await counts()).toEqual({ delivered: 8 }));
});

test.each([
  ['pause', 'held'],
  ['remove', 'abandoned: endpoint_deleted'],
] as const)('what is being published while %s is answered is not sent after it, and reads %s', async (verb, reads) => {
  const { db, client, operations } = service.deps;
  const lead = aLead(organization);
  await client.publish(lead.created());
  await eventually(async () => expect(await counts()).toEqual({ delivered: 1 }));
  // The publish has looked at the endpoint, and waits for the lead's row.
  await db.tx(async (tx) => {
    await tx.query('select from leads where lead_id = $1 for update', [lead.leadId]);
    await client.publish(lead.personal({ enriched: true, ownerOccupied: true }));
    await eventually(async () => {
      const waiting = await db.query(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%claimed as%'`,
      );
      expect(waiting).toHaveLength(1);
    });
    await operations[verb](endpoint);
  });
  await eventually(async () => expect(await counts()).toEqual({ delivered: 1, [reads]: 1 }));
  await operations.resume(endpoint).catch(() => false);
  expect(partner.requests.filter(({ sequence }) => sequence === 2).length).toBe(0);
});

test('20,000 deliveries wait: a pause, a resume and a deletion hold for all of them at once, and come to their end', async () => {
  const { operations, db } = service.deps;
  await rowsWithoutWorkflows(db, { organization, endpoint, leads }, 'held');
  expect(await listed('pending')).toBe(50);
  await operations.pause(endpoint);
  expect(await counts()).toEqual({ held: leads * eventsPerLead });
  expect([await listed('held'), await listed('pending')]).toEqual([50, 0]);

  // None of them has a workflow: each is taken over, in order.
  await operations.resume(endpoint);
  expect(await storedAs('held')).toBeGreaterThan(leads / 2);
  await eventually(() => expect(partner.requests.length).toBeGreaterThan(40), 90_000);
  await expectOthersGo();
  for (const { leadId } of partner.requests.slice(0, 20)) {
    const own = partner.requests.filter((one) => one.leadId === leadId).map(({ sequence }) => sequence);
    expect(own).toEqual([1, 2, 3, 4].slice(0, own.length));
  }

  await operations.remove(endpoint);
  const rest = await counts();
  expect(Object.keys(rest).filter((status) => !['delivered', 'delivering'].includes(status))).toEqual([
    'abandoned: endpoint_deleted',
  ]);
  await eventually(async () => {
    const left = await db.query(
      `select 1 from deliveries where endpoint_id = $1 and status not in ('delivered', 'abandoned') limit 1`,
      [endpoint],
    );
    expect(left).toEqual([]);
  });
});

test('20,000 abandoned deliveries are recovered: all are taken up, then go lead by lead, in order', async () => {
  const { operations, db } = service.deps;
  await rowsWithoutWorkflows(db, { organization, endpoint, leads }, 'abandoned');
  const range = { since: new Date(0), until: new Date() };
  const job = await operations.recover({ organizationId: organization, endpointId: endpoint, ...range });
  expect(job?.count).toBe(leads * eventsPerLead);
  await eventually(() => expect(partner.requests.length).toBeGreaterThan(40), 120_000);
  const taken = await service.deps.activityDeps.recovery.get(organization, job?.jobId ?? '');
  expect(taken).toMatchObject({ count: leads * eventsPerLead, abandoned: 0 });
  await expectOthersGo();
  const first = partner.requests[0]?.leadId;
  expect(partner.requests.filter(({ leadId }) => leadId === first).map(({ sequence }) => sequence)).toEqual([
    1, 2, 3, 4,
  ]);
  await operations.remove(endpoint);
});
