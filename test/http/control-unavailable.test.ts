import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApi } from '../../src/http/server.ts';
import { endpointStatus } from '../../src/db/endpoint-status.ts';
import { openDatabase } from '../../src/db/pool.ts';
import { operations } from '../../src/operations/operations.ts';
import { aLead } from '../support/lead-events.ts';
import { startTestApi, type TestApi } from './api.ts';
import { call } from './call.ts';
import { aPartner, type Partner, publish } from './partner.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const expectUnavailable = ({ status, headers, body }: Awaited<ReturnType<typeof call>>, part: string) => {
  expect(status).toBe(503);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(body).toMatchObject({ type: 'urn:spark360:error:unavailable', errors: [{ path: part }] });
};

describe('without Temporal', () => {
  let away: TestApi;
  let partner: Partner;
  beforeAll(async () => {
    away = await startTestApi({ config: { temporalAddress: '127.0.0.1:1' } });
    partner = await aPartner(away, 'http://127.0.0.1:9/');
  });
  afterAll(() => away?.stop());

  async function aHeldDelivery(): Promise<string> {
    const [row] = await away.deps.db.query<{ id: string }>(
      `insert into deliveries (event_id, endpoint_id, organization_id, subject, event, sequence, status)
       values (gen_random_uuid(), $1, $2, 'lead/x', 'lead.enriched', 1, 'held') returning id`,
      [partner.endpoint, partner.organization],
    );
    return row?.id ?? '';
  }

  test('an endpoint is paused all the same: only Postgres is needed to stop sending', async () => {
    const { status, body } = await away.call('POST', `${partner.endpointPath}/pause`);
    expect(status).toBe(200);
    expect(body.status).toBe('paused');
  });

  test('what has to be durable there answers 503, and has not happened', async () => {
    await away.call('POST', `${partner.endpointPath}/pause`);
    expectUnavailable(await away.call('POST', `${partner.endpointPath}/resume`), 'temporal');
    expectUnavailable(await away.call('DELETE', partner.endpointPath), 'temporal');
    const delivery = await aHeldDelivery();
    expectUnavailable(await away.call('POST', `${partner.path}/deliveries/${delivery}/skip`), 'temporal');
    const since = '2026-01-01T00:00:00Z';
    expectUnavailable(await away.call('POST', `${partner.endpointPath}/recover`, { body: { since } }), 'temporal');
    expect((await away.call('GET', partner.endpointPath)).body.status).toBe('paused');
    expect((await away.call('GET', `${partner.path}/deliveries/${delivery}`)).body.status).toBe('held');
    expect(await away.deps.db.query('select from recovery_jobs')).toEqual([]);
  });
});

test('without a worker a release answers 503 soon, instead of waiting for one', async () => {
  const { organization, path } = await aPartner(api, 'http://127.0.0.1:9/');
  const lead = aLead(organization);
  await publish(api, lead.created());
  expectUnavailable(await api.call('POST', `${path}/leads/${lead.leadId}/complete-enrichment`), 'temporal');
});

test('when Postgres goes away in between, the answer names it', async () => {
  const partner = await aPartner(api, 'http://127.0.0.1:9/');
  const gone = openDatabase('postgres://nobody@127.0.0.1:1/nothing', 1, () => undefined);
  const parts = { ...api.deps.activityDeps, endpointStatus: endpointStatus(gone) };
  const { url, close } = await startApi({ ...api.deps, operations: operations(parts) });
  try {
    expectUnavailable(await call(`${url}${partner.endpointPath}/pause`, 'POST'), 'postgres');
  } finally {
    await close();
    await gone.close();
  }
});

test('a defect in between is a 500, not a part that is away', async () => {
  const partner = await aPartner(api, 'http://127.0.0.1:9/');
  const { url, close } = await startApi({
    ...api.deps,
    operations: {
      ...api.deps.operations,
      pause: (id) => api.deps.db.tx(async (db) => void (await db.query(`selec ${id}`))),
    },
  });
  try {
    const { status, body } = await call(`${url}${partner.endpointPath}/pause`, 'POST');
    expect(status).toBe(500);
    expect(body.type).toBe('urn:spark360:error:internal');
  } finally {
    await close();
  }
});
