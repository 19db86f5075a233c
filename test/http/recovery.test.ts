import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { leadSubject, recoveryJobWorkflowId, recoveryWorkflowId } from '../../src/domain/ids.ts';
import { operations } from '../../src/operations/operations.ts';
import { aLead } from '../support/lead-events.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startTestApi, type TestApi } from './api.ts';
import {
  anAbandonedLead,
  aPartner,
  deliveriesAt,
  type Partner,
  publish,
  untilDeliveries,
  untilRecovered,
} from './partner.ts';

let api: TestApi;
let receiver: Receiver;
let partner: Partner;
beforeAll(async () => {
  api = await startTestApi({ worker: true, config: { retryScheduleMs: [50, 50, 50, 50] } });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  receiver = await startReceiver({ status: 400 });
  partner = await aPartner(api, receiver.url);
});
afterEach(() => receiver?.close());

const recover = (body: object) => api.call('POST', `${partner.endpointPath}/recover`, { body });
const job = async (id: string) => (await api.call('GET', `${partner.path}/jobs/${id}`)).body;
const done = (id: string) => untilRecovered(api, partner, id);

test('counts first; then sends all of it again, in order, and shows how far it is', async () => {
  const since = await anAbandonedLead(api, partner);
  const counted = await recover({ since, dry_run: true });
  expect(counted.status).toBe(202);
  expect(counted.body).toEqual({ count: 4, job_id: null });
  await sleep(200);
  expect(receiver.requests).toHaveLength(4);
  expect(await api.deps.db.query('select 1 from recovery_jobs where endpoint_id = $1', [partner.endpoint])).toEqual([]);

  receiver.answer((_request, index) => ({ status: index === 4 ? 503 : index === 6 ? 400 : 200 }));
  const started = await recover({ since });
  expect(started.status).toBe(202);
  expect(started.body).toEqual({ count: 4, job_id: expect.any(String) });
  const shown = await done(started.body.job_id);
  expect(shown).toEqual({
    id: started.body.job_id,
    endpoint_id: partner.endpoint,
    event: null,
    lead_id: null,
    status: 'done',
    count: 4,
    delivered: 3,
    abandoned: 1,
    created_at: expect.stringMatching(/Z$/),
    finished_at: expect.stringMatching(/Z$/),
  });
  const again = receiver.requests
    .slice(4)
    .map(({ headers }) => [
      headers['x-spark360-sequence'],
      headers['x-spark360-attempt'],
      headers['x-spark360-resend'],
    ]);
  expect(again).toEqual([
    ['1', '2', 'true'],
    ['1', '3', 'true'],
    ['2', '2', 'true'],
    ['3', '2', 'true'],
    ['4', '2', 'true'],
  ]);

  // What it left abandoned may be recovered again, and that changes nothing about what it did.
  receiver.answer({});
  const second = await recover({ since });
  expect(second.body.count).toBe(1);
  await done(second.body.job_id);
  expect(await job(started.body.job_id)).toEqual(shown);
  await untilDeliveries(api, partner, Array(4).fill('delivered'));
});

test('only what was abandoned in the range is counted, and the range includes its bounds', async () => {
  await anAbandonedLead(api, partner);
  const [{ settled_at: at } = { settled_at: new Date() }] = await api.deps.db.query<{ settled_at: Date }>(
    `update deliveries set settled_at = '2026-01-15T12:00:00Z' where endpoint_id = $1 returning settled_at`,
    [partner.endpoint],
  );
  const moment = at.toISOString();
  for (const [body, count] of [
    [{ since: moment, until: moment }, 4],
    [{ since: '2026-01-15T12:00:00.001Z' }, 0],
    [{ since: '2026-01-01T00:00:00Z', until: '2026-01-15T11:59:59.999Z' }, 0],
    [{ since: '2026-01-15T13:00:00+01:00', until: '2999-01-01T00:00:00Z' }, 4],
  ] as const) {
    expect((await recover({ ...body, dry_run: true })).body).toEqual({ count, job_id: null });
  }
});

test('what was skipped is not recovered', async () => {
  await api.call('POST', `${partner.endpointPath}/pause`);
  const since = new Date().toISOString();
  await publish(api, aLead(partner.organization).created());
  const [held] = await untilDeliveries(api, partner, ['held']);
  await api.call('POST', `${partner.path}/deliveries/${held?.id}/skip`);
  expect((await recover({ since, dry_run: true })).body.count).toBe(0);
});

test('one job per endpoint at a time: a second one is a 409 that names the first; while paused it is held', async () => {
  const since = await anAbandonedLead(api, partner);
  await api.call('POST', `${partner.endpointPath}/pause`);
  const first = await recover({ since });
  await untilDeliveries(api, partner, ['held', 'held', 'held', 'held']);
  expect(await job(first.body.job_id)).toMatchObject({
    status: 'running',
    delivered: 0,
    abandoned: 0,
    finished_at: null,
  });
  const second = await recover({ since });
  expect(second.status).toBe(409);
  expect(second.body).toMatchObject({
    type: 'urn:spark360:error:recovery_running',
    detail: expect.stringContaining(first.body.job_id),
  });
  expect(receiver.requests).toHaveLength(4);

  receiver.answer({});
  await api.call('POST', `${partner.endpointPath}/resume`);
  await untilDeliveries(api, partner, Array(4).fill('delivered'));
  expect(await done(first.body.job_id)).toMatchObject({ count: 4, delivered: 4, abandoned: 0 });
  const third = await recover({ since });
  expect(third).toMatchObject({ status: 202, body: { count: 0 } });
  expect(await done(third.body.job_id)).toMatchObject({ count: 0, delivered: 0, abandoned: 0 });
});

test('two at once: one starts, the other is a 409', async () => {
  const since = await anAbandonedLead(api, partner);
  const answers = await Promise.all([recover({ since }), recover({ since })]);
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
});

test('a lead that is erased while its recovery is held: the recovery ends, and so does the job', async () => {
  const lead = aLead(partner.organization);
  const since = new Date().toISOString();
  await publish(api, lead.created(), lead.personal({ enriched: true, ownerOccupied: true }));
  await untilDeliveries(api, partner, ['abandoned: rejected', 'abandoned: rejected']);
  await api.call('POST', `${partner.endpointPath}/pause`);
  const { body } = await recover({ since });
  await untilDeliveries(api, partner, ['held', 'held']);
  const subject = leadSubject(partner.organization, lead.leadId);
  const run = api.deps.temporal.workflow.getHandle(recoveryWorkflowId(partner.endpoint, body.job_id, subject));
  await eventually(async () => expect((await run.describe()).status.name).toBe('RUNNING'));
  await eventually(async () => {
    const { pendingActivities } = (await run.describe()).raw;
    expect(pendingActivities).toEqual([]);
  });

  expect((await api.call('DELETE', `${partner.path}/leads/${lead.leadId}`)).status).toBe(204);
  await eventually(async () => expect((await run.describe()).status.name).toBe('COMPLETED'));
  expect(await done(body.job_id)).toMatchObject({ count: 2, delivered: 0, abandoned: 2 });
  await untilDeliveries(api, partner, Array(2).fill('abandoned: lead_erased'));
  expect(receiver.requests).toHaveLength(2);
});

test('whoever asked dies right after the workflow was started: it creates the job by itself, and all of it goes out', async () => {
  const since = await anAbandonedLead(api, partner);
  receiver.answer({});
  const { activityDeps } = api.deps;
  const dying: typeof activityDeps.recovery = {
    ...activityDeps.recovery,
    create: (job, start) =>
      activityDeps.recovery.create(job, async () => {
        await start();
        throw new Error('died');
      }),
  };
  const scope = { organizationId: partner.organization, endpointId: partner.endpoint, since, until: new Date() };
  await expect(operations({ ...activityDeps, recovery: dying }).recover(scope)).rejects.toThrow('died');
  await untilDeliveries(api, partner, Array(4).fill('delivered'));
  const rows = await api.deps.db.query<{ id: string }>('select id from recovery_jobs where endpoint_id = $1', [
    partner.endpoint,
  ]);
  expect(rows).toHaveLength(1);
  expect(await done(rows[0]?.id ?? '')).toMatchObject({ count: 4, delivered: 4 });
});

test('a workflow whose job was not created because another one runs there does nothing', async () => {
  const since = await anAbandonedLead(api, partner);
  await api.call('POST', `${partner.endpointPath}/pause`);
  const { body } = await recover({ since });
  await untilDeliveries(api, partner, ['held', 'held', 'held', 'held']);
  const jobId = randomUUID();
  const asked = { organizationId: partner.organization, since, until: new Date().toISOString() };
  await api.deps.temporal.workflow.execute('recoveryJob', {
    workflowId: recoveryJobWorkflowId(partner.endpoint, jobId),
    taskQueue: api.deps.taskQueue,
    args: [{ jobId, endpointId: partner.endpoint, asked }],
  });
  expect((await api.call('GET', `${partner.path}/jobs/${jobId}`)).status).toBe(404);
  expect(await job(body.job_id)).toMatchObject({ status: 'running', count: 4 });
});

test("another organization's job is not found", async () => {
  const since = await anAbandonedLead(api, partner);
  const { body } = await recover({ since });
  const other = await aPartner(api, receiver.url);
  expect((await api.call('GET', `${other.path}/jobs/${body.job_id}`)).status).toBe(404);
  expect((await api.call('GET', `${partner.path}/jobs/${randomUUID()}`)).status).toBe(404);
  expect(await deliveriesAt(api, other)).toEqual([]);
});
