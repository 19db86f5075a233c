import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { statistics } from '../../src/db/statistics.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { rowsWithoutWorkflows } from '../support/unsettled-rows.ts';
import { startTestApi, type TestApi } from './api.ts';

let api: TestApi;
let organizationId: string;
let endpointId: string;
let otherId: string;
const minute = 60_000;

beforeAll(async () => {
  api = await startTestApi();
  organizationId = await anOrganization(api.deps);
  otherId = await anOrganization(api.deps);
  endpointId = (await anEndpoint(api.deps, organizationId, 'https://crm.example/hook')).id;
  await put(4, { status: 'delivered', createdAgoMs: 5 * minute, tookMs: 100 });
  await put(4, { status: 'delivered', createdAgoMs: 35 * minute, tookMs: 900 });
  await put(2, { status: 'abandoned', createdAgoMs: 35 * minute });
  await put(3, { status: 'held', createdAgoMs: 2 * minute });
  await put(1, { status: 'retrying', createdAgoMs: 3 * minute });
  await put(5, { status: 'delivered', createdAgoMs: 30 * 24 * 60 * minute, tookMs: 50 });
});
afterAll(() => api?.stop());

interface Given {
  status: string;
  createdAgoMs: number;
  tookMs?: number;
  organization?: string;
  endpoint?: string;
}

async function put(count: number, given: Given, { deps } = api): Promise<void> {
  const { status, createdAgoMs, tookMs = 0, organization, endpoint } = given;
  await deps.db.execute(
    `insert into deliveries (event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status, reason,
                             created_at, delivered_at, settled_at)
     select gen_random_uuid(), $1::uuid, $2::uuid, 'lead/' || gen_random_uuid(), gen_random_uuid(), 'lead.enriched', 1, $3::text,
            case when $3 = 'abandoned' then 'exhausted' end, c.at,
            case when $3 = 'delivered' then c.at + $5 * interval '1 millisecond' end,
            case when $3 in ('delivered', 'abandoned') then c.at + $5 * interval '1 millisecond' end
       from generate_series(1, $6) cross join (select now() - $4 * interval '1 millisecond' as at) c`,
    [endpoint ?? endpointId, organization ?? organizationId, status, createdAgoMs, tookMs, count],
  );
}

const get = (path: string, key?: string) => api.call('GET', path, key === undefined ? {} : { key });
const own = (path: string) => get(`/v1/organizations/${organizationId}${path}`);

test('statistics count what was created in the window, by outcome, with its latency', async () => {
  const { status, body } = await own('/statistics?window=1h');
  expect(status).toBe(200);
  expect(body.total).toEqual({ delivered: 8, abandoned: 2, unsettled: 4, success_rate: 0.8, p50_ms: 500, p95_ms: 900 });
  expect(body).toMatchObject({ is_complete: true, bucket_seconds: 60 });
  expect(body.buckets.reduce((sum: number, bucket: { delivered: number }) => sum + bucket.delivered, 0)).toBe(8);
  expect(new Date(body.buckets[0].at).getTime()).toBeLessThan(new Date(body.buckets.at(-1).at).getTime());
});

test.each(['', '?window=24h', '?window=7d'])('statistics%s begin at a whole bucket', async (query) => {
  const { body } = await own(`/statistics${query}`);
  expect(new Date(body.since).getTime() % (body.bucket_seconds * 1_000)).toBe(0);
  expect(body.total.delivered).toBe(8);
});

test('of an organization without deliveries nothing is made up', async () => {
  const { body } = await get(`/v1/organizations/${otherId}/statistics`);
  expect(body).toMatchObject({ buckets: [], total: { delivered: 0, success_rate: null, p50_ms: null, p95_ms: null } });
});

test('more than is counted is said, and the newest are counted', async () => {
  const organization = await anOrganization(api.deps);
  const { id } = await anEndpoint(api.deps, organization, 'https://busy.example/');
  await put(500, { status: 'abandoned', createdAgoMs: 50 * minute, organization, endpoint: id });
  await put(10_001, { status: 'delivered', createdAgoMs: 10 * minute, tookMs: 10, organization, endpoint: id });
  const { body } = await get(`/v1/organizations/${organization}/statistics?window=1h`);
  expect(body).toMatchObject({ is_complete: false, total: { abandoned: 0 } });
  expect(new Date(body.counted_since).getTime()).toBeGreaterThan(Date.now() - 11 * minute);
});

test('what waits at a deleted endpoint counts as abandoned, as it reads, before its row says so', async () => {
  const organization = await anOrganization(api.deps);
  const { id } = await anEndpoint(api.deps, organization, 'https://gone.example/');
  await put(2, { status: 'held', createdAgoMs: 5 * minute, organization, endpoint: id });
  const unsettled = await get(`/v1/organizations/${organization}/statistics?window=1h`);
  expect(unsettled.body.total).toMatchObject({ abandoned: 0, unsettled: 2 });
  await api.deps.db.execute('update endpoints set deleted_at = now() where id = $1', [id]);
  const { body } = await get(`/v1/organizations/${organization}/statistics?window=1h`);
  expect(body.total).toMatchObject({ abandoned: 2, unsettled: 0 });
});

test('an endpoint has its own, and none of another organization is told', async () => {
  expect((await own(`/statistics?endpoint_id=${endpointId}`)).body.total.delivered).toBe(8);
  expect((await get(`/v1/organizations/${otherId}/statistics?endpoint_id=${endpointId}`)).status).toBe(404);
  expect((await own(`/statistics?endpoint_id=${randomUUID()}`)).status).toBe(404);
});

test('the operator has all organizations together', async () => {
  const { body } = await get('/v1/statistics?window=1h');
  expect(body.total.delivered).toBeGreaterThanOrEqual(8);
});

describe('over all organizations', () => {
  let alone: TestApi;
  beforeEach(async () => {
    alone = await startTestApi();
  });
  afterEach(() => alone?.stop());

  const since = new Date(Date.now() - 60 * minute);
  const ofAll = () => statistics(alone.deps.db).ofAll({ since, bucketSeconds: 60 });

  /** Gives when they were created. */
  async function anOrganizationWith(count: number, createdAgoMs: number): Promise<Date | undefined> {
    const organization = await anOrganization(alone.deps);
    const { id: endpoint } = await anEndpoint(alone.deps, organization, 'https://crm.example/');
    await put(count, { status: 'delivered', createdAgoMs, organization, endpoint }, alone);
    const [row] = await alone.deps.db.query<{ created_at: Date }>(
      'select created_at from deliveries where organization_id = $1 limit 1',
      [organization],
    );
    return row?.created_at;
  }

  test('a thousand of each are complete, one more is not, and nothing is left out of the others', async () => {
    await anOrganizationWith(1_000, 10 * minute);
    await anOrganizationWith(3, 50 * minute);
    expect(await ofAll()).toMatchObject({ isComplete: true, countedSince: since, total: { delivered: 1_003 } });
    const countedSince = await anOrganizationWith(1_001, 20 * minute);
    expect(await ofAll()).toMatchObject({ isComplete: false, countedSince, total: { delivered: 2_004 } });
  });

  test('with more large organizations than fit, each has its share', async () => {
    await anOrganizationWith(3, 50 * minute);
    for (let large = 0; large < 11; large++) await anOrganizationWith(1_000, (15 + 3 * large) * minute);
    const { isComplete, buckets, total } = await ofAll();
    expect(isComplete).toBe(false);
    // A twelfth of ten thousand each, and the one that tells that there are more.
    expect(total.delivered).toBe(3 + 11 * 834);
    expect(buckets).toHaveLength(12);
  });
});

test('the health of an endpoint counts what an action would touch', async () => {
  const { body } = await own(`/endpoints/${endpointId}/health`);
  expect(body).toMatchObject({
    endpoint_id: endpointId,
    // The endpoint is neither paused nor being resumed: what was held before waits for its turn.
    unsettled: { pending: 3, delivering: 0, retrying: 1, held: 0 },
    failing_since: null,
    resume_phase: null,
  });
  expect(body.recent.slice(0, 4)).toEqual(['pending', 'pending', 'pending', 'retrying']);
  expect(new Date(body.oldest_unsettled_at).getTime()).toBeLessThanOrEqual(Date.now() - 3 * minute);
  const list = await own('/endpoint-health');
  expect(list.body.data.map((row: { endpoint_id: string }) => row.endpoint_id)).toEqual([endpointId]);
  expect(list.body.data[0].unsettled).toEqual(body.unsettled);
  await api.call('POST', `/v1/organizations/${organizationId}/endpoints/${endpointId}/pause`);
  const paused = (await own(`/endpoints/${endpointId}/health`)).body;
  expect(paused.unsettled).toEqual({ pending: 0, delivering: 0, retrying: 0, held: 4 });
  expect(paused.recent.slice(0, 4)).toEqual(['held', 'held', 'held', 'held']);
  await api.deps.db.execute(`update endpoints set status = 'active', paused_reason = null where id = $1`, [endpointId]);
});

test('what needs attention is a line each, with since when', async () => {
  const { db } = api.deps;
  const lead = randomUUID();
  await db.execute(
    `insert into leads (subject, organization_id, lead_id, mode, stage, created_at)
     values ('lead/' || $1::text || '/' || $2::text, $1::uuid, $2::uuid, 'prod', 'waiting_for_enrichment', now() - interval '2 hours')`,
    [organizationId, lead],
  );
  await db.execute(`update endpoints set failing_since = now() - interval '10 minutes' where id = $1`, [endpointId]);
  const { body } = await own('/attention');
  expect(body.data.map(({ kind, count }: { kind: string; count: number }) => [kind, count]).sort()).toEqual([
    ['deliveries_abandoned', 2],
    ['endpoint_failing', 4],
    ['waiting_for_enrichment', 1],
  ]);
  await db.execute(`update endpoints set status = 'paused', paused_reason = 'failing' where id = $1`, [endpointId]);
  const paused = (await own('/attention')).body.data.find(({ kind }: { kind: string }) => kind === 'endpoint_paused');
  expect(paused).toMatchObject({ endpoint_id: endpointId, paused_reason: 'failing', url: 'https://crm.example/hook' });
  expect((await get(`/v1/organizations/${otherId}/attention`)).body.data).toEqual([]);
  const everybody = (await get('/v1/attention')).body.data.map(
    ({ organization_id }: { organization_id: string }) => organization_id,
  );
  expect(everybody).toContain(organizationId);
});

test('unsettled deliveries that no workflow works are told to the operator, by lane', async () => {
  const { db, temporal, taskQueue } = api.deps;
  const organization = await anOrganization(api.deps);
  const { id: endpoint } = await anEndpoint(api.deps, organization, 'https://lost.example/');
  await rowsWithoutWorkflows(db, { organization, endpoint, leads: 3 });
  const rows = await db.query<{ subject: string; lead_id: string }>(
    `update deliveries set created_at = now() - interval '2 minutes' where endpoint_id = $1 and sequence = 1 returning subject, lead_id`,
    [endpoint],
  );
  const [worked, lost, fresh] = rows;
  await db.execute('update deliveries set created_at = now() where subject = $1', [fresh?.subject]);
  const run = await temporal.workflow.start('lead', { workflowId: worked?.subject ?? '', taskQueue, args: [] });
  const { status, body } = await get('/v1/orphans');
  expect(status).toBe(200);
  expect(body.data.filter((lane: { organization_id: string }) => lane.organization_id === organization)).toEqual([
    {
      workflow_id: lost?.subject,
      organization_id: organization,
      organization_name: null,
      endpoint_id: endpoint,
      lead_id: lost?.lead_id,
      count: 1,
      since: expect.stringMatching(/Z$/),
    },
  ]);
  expect(body).toMatchObject({ is_complete: true, next_cursor: null });
  expect(body.checked).toBeGreaterThanOrEqual(2);
  await run.terminate();
  const { body: made } = await api.call('POST', `/v1/organizations/${organization}/api-keys`, { body: {} });
  expect((await get('/v1/orphans', made.key)).status).toBe(403);
});

test('the system says how its parts are, and what waits', async () => {
  const { body } = await get('/v1/system');
  expect(body).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    postgres: 'ok',
    temporal: 'ok',
    paused_endpoints: 1,
    outbox: { pending: 0, stuck: 0, dead_letters: 0 },
  });
});

test('the retry schedule is told to whoever has to wait for it', async () => {
  expect((await get('/v1/delivery-policy')).body).toEqual({
    attempts: 5,
    retry_schedule_seconds: [0.05, 0.1, 0.15, 0.2],
  });
});
