import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RemovedRows } from '../../activities/retention.ts';
import { ensureRetentionSchedule } from '../../src/temporal/schedules.ts';
import { startTestApi, type TestApi } from '../http/api.ts';
import { age } from '../support/aged.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';

let api: TestApi;
let receiver: Receiver;
let organization: string;
const schedules: string[] = [];
beforeAll(async () => {
  api = await startTestApi({ worker: true, config: { retentionDays: 30 } });
  receiver = await startReceiver();
  organization = await anOrganization(api.deps);
  await anEndpoint(api.deps, organization, receiver.url);
});
afterAll(async () => {
  for (const id of schedules) await api.deps.temporal.schedule.getHandle(id).delete();
  await api?.stop();
  await receiver?.close();
});

const retain = (): Promise<RemovedRows> =>
  api.deps.temporal.workflow.execute('retention', {
    workflowId: `retention-${randomUUID()}`,
    taskQueue: api.deps.taskQueue,
    args: [],
  });

const delivered = (leadId: string, count: number) =>
  eventually(async () => {
    const { body } = await api.call(
      'GET',
      `/v1/organizations/${organization}/deliveries?lead_id=${leadId}&status=delivered`,
    );
    expect(body.data).toHaveLength(count);
    return body.data as { id: string; event: string; sequence: number }[];
  });

test('what retention removes answers 404; ids, stages and events are still known, and the sequence goes on', async () => {
  const lead = aLead(organization);
  const url = `/v1/organizations/${organization}`;
  const created = lead.created();
  await api.call('POST', '/v1/events', { body: created });
  const enriched = lead.personal({ enriched: true, ownerOccupied: true });
  await api.call('POST', '/v1/events', { body: enriched });
  const [last] = await delivered(lead.leadId, 2);
  await age(api.deps.db, lead.leadId, 31);
  expect(await retain()).toMatchObject({ deliveries: 2, attempts: 2, bodies: 2 });

  for (const [method, path] of [
    ['GET', ''],
    ['POST', '/resend'],
    ['POST', '/skip'],
  ] as const)
    expect((await api.call(method, `${url}/deliveries/${last?.id}${path}`)).status).toBe(404);
  const { body: view } = await api.call('GET', `${url}/leads/${lead.leadId}`);
  expect(view).toMatchObject({ stage: 'enriched', deliveries: [] });
  expect(view.events.map(({ event }: { event: string }) => event)).toEqual(['lead.address_preview', 'lead.enriched']);
  expect(view.steps).toHaveLength(2);

  // The same ids: known. The same with other content: refused. Neither is sent.
  const again = await api.call('POST', '/v1/events', { body: created });
  expect(again).toMatchObject({ status: 202, body: { accepted: [{ id: created.id, duplicate: true }] } });
  const altered = { ...created, timestamp: new Date().toISOString() };
  expect((await api.call('POST', '/v1/events', { body: altered })).status).toBe(409);
  // A copy that comes past the API, straight to the workflow.
  await api.deps.client.publish(enriched);
  await api.call('POST', '/v1/events', { body: lead.contact() });
  const rest = await delivered(lead.leadId, 1);
  expect(rest).toMatchObject([{ event: 'lead.contact_requested', sequence: 3 }]);
  await sleep(300);
  expect(receiver.requests.map(({ headers }) => [headers['x-spark360-event'], headers['x-spark360-sequence']])).toEqual(
    [
      ['lead.address_preview', '1'],
      ['lead.enriched', '2'],
      ['lead.contact_requested', '3'],
    ],
  );
});

test('what is held is kept and goes out, however long its endpoint was paused', async () => {
  const lead = aLead(organization);
  const { body: endpoints } = await api.call('GET', `/v1/organizations/${organization}/endpoints`);
  const endpoint = `/v1/organizations/${organization}/endpoints/${endpoints.data[0].id}`;
  await api.call('POST', `${endpoint}/pause`, { body: {} });
  await api.call('POST', '/v1/events', { body: lead.created() });
  await eventually(async () =>
    expect(
      await api.deps.db.query(`select from deliveries where lead_id = $1 and status = 'held'`, [lead.leadId]),
    ).toHaveLength(1),
  );
  await age(api.deps.db, lead.leadId, 400);
  await retain();
  await api.call('POST', `${endpoint}/resume`, { body: {} });
  await delivered(lead.leadId, 1);
});

test('an event that nobody subscribed to leaves no payload behind', async () => {
  const lonely = aLead(await anOrganization(api.deps));
  await api.call('POST', '/v1/events', { body: lonely.created() });
  await eventually(async () => {
    const { body } = await api.call('GET', `/v1/organizations/${lonely.organizationId}/leads/${lonely.leadId}`);
    expect(body.events).toHaveLength(1);
  });
  const { db } = api.deps;
  expect(
    await db.query('select from event_bodies b join events e using (event_id) where e.organization_id = $1', [
      lonely.organizationId,
    ]),
  ).toEqual([]);
});

test('the schedule is made once, skips a run that would overlap, stays as the operator left it, and runs the workflow', async () => {
  const { temporal, taskQueue } = api.deps;
  const id = `retention-${randomUUID()}`;
  schedules.push(id);
  // As workers do that start at the same time.
  await Promise.all([1, 2, 3].map(() => ensureRetentionSchedule(temporal, taskQueue, id)));
  const handle = temporal.schedule.getHandle(id);
  await handle.pause('not tonight');
  await ensureRetentionSchedule(temporal, taskQueue, id);
  const described = await handle.describe();
  expect(described).toMatchObject({
    state: { paused: true, note: 'not tonight' },
    policies: { overlap: 'SKIP' },
    action: { type: 'startWorkflow', workflowType: 'retention', taskQueue },
  });
  const next = described.info.nextActionTimes;
  expect((next[1]?.getTime() ?? 0) - (next[0]?.getTime() ?? 0)).toBeGreaterThan(22 * 3_600_000);

  const lead = aLead(organization);
  await api.call('POST', '/v1/events', { body: lead.created() });
  await delivered(lead.leadId, 1);
  await age(api.deps.db, lead.leadId, 31);
  await handle.unpause();
  await handle.trigger();
  await delivered(lead.leadId, 0);
  await eventually(async () => {
    const metrics = await api.call('GET', '/metrics');
    expect(metrics.body).toMatch(/spark360_retention_removed_rows_total\{rows="deliveries"\} [1-9]/);
    const [, ranAt] = /^spark360_retention_last_run_timestamp_seconds (\d+)/m.exec(metrics.body as string) ?? [];
    expect(Date.now() / 1_000 - Number(ranAt)).toBeLessThan(60);
  });
});
