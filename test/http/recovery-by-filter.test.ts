import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { startApi } from '../../src/http/server.ts';
import { startTestApi, type TestApi } from './api.ts';
import { call } from './call.ts';
import {
  addEndpoint,
  anAbandonedLead,
  aPartner,
  deliveriesAt,
  type Partner,
  publish,
  untilDeliveries,
  untilRecovered,
} from './partner.ts';

// A recovery of all of an organization's endpoints, by the filter of a list.
let api: TestApi;
let receiver: Receiver;
let partner: Partner;
beforeAll(async () => {
  api = await startTestApi({ worker: true });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  receiver = await startReceiver({ status: 400 });
  partner = await aPartner(api, receiver.url);
});
afterEach(() => receiver?.close());

const recoverAll = (body: object) => api.call('POST', `${partner.path}/deliveries/recover`, { body });
const counted = (count: number) => ({
  count,
  endpoints: count === 0 ? [] : [{ endpoint_id: partner.endpoint, count, status: 'counted', job_id: null }],
});

test('what is counted is what the list has, whatever narrows it', async () => {
  await anAbandonedLead(api, partner);
  const [first] = await deliveriesAt(api, partner);
  const between = new Date().toISOString();
  const lead = aLead(partner.organization);
  await publish(api, lead.created());
  await untilDeliveries(api, partner, Array(5).fill('abandoned: rejected'));
  const { body: all } = await api.call('GET', `${partner.path}/deliveries`);
  const firstLead = all.data.find(({ id }: { id: string }) => id === first?.id).lead_id;
  for (const [filter, count] of [
    [{}, 5],
    [{ event: 'lead.address_preview' }, 2],
    [{ event: 'widget.status_changed' }, 0],
    [{ lead_id: firstLead }, 4],
    [{ lead_id: lead.leadId, event: 'lead.address_preview' }, 1],
    [{ lead_id: lead.leadId, event: 'lead.enriched' }, 0],
    [{ lead_id: randomUUID() }, 0],
    [{ since: between }, 1],
    [{ until: between }, 4],
    [{ since: between, lead_id: firstLead }, 0],
  ] as const) {
    const { since, until, ...rest } = filter as { since?: string; until?: string };
    const query = new URLSearchParams({ ...filter, status: 'abandoned' });
    expect((await api.call('GET', `${partner.path}/deliveries?${query}`)).body.data).toHaveLength(count);
    const body = { ...rest, ...(since && { created_since: since }), ...(until && { created_until: until }) };
    expect([body, (await recoverAll({ ...body, dry_run: true })).body]).toEqual([body, counted(count)]);
  }
  expect(receiver.requests).toHaveLength(5);
});

test('only what matches is sent again, in order; the rest stays abandoned, and may be recovered after it', async () => {
  const lead = aLead(partner.organization);
  await publish(api, lead.created(), lead.personal({ enriched: true, ownerOccupied: true }));
  await publish(api, aLead(partner.organization).created());
  await untilDeliveries(api, partner, Array(3).fill('abandoned: rejected'));
  receiver.answer({});
  const one = await recoverAll({ event: 'lead.enriched' });
  expect(one.body).toMatchObject({ count: 1, endpoints: [{ status: 'started' }] });
  expect(await untilRecovered(api, partner, one.body.endpoints[0].job_id)).toMatchObject({
    count: 1,
    event: 'lead.enriched',
    lead_id: null,
  });
  const ofLead = await recoverAll({ lead_id: lead.leadId });
  expect(await untilRecovered(api, partner, ofLead.body.endpoints[0].job_id)).toMatchObject({
    count: 1,
    delivered: 1,
    event: null,
    lead_id: lead.leadId,
  });
  expect(receiver.requests.slice(3).map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['2', '1']);
  const left = (await api.call('GET', `${partner.path}/deliveries?status=abandoned`)).body.data;
  expect(left.map(({ event }: { event: string }) => event)).toEqual(['lead.address_preview']);
  const { body: jobs } = await api.call('GET', `${partner.path}/jobs`);
  expect(jobs.data).toMatchObject([
    { lead_id: lead.leadId, since: null },
    { event: 'lead.enriched', since: null },
  ]);
});

test('recoveries are listed by endpoint, by the operator too', async () => {
  const { id: other } = await addEndpoint(api, partner.organization, receiver.url);
  const insert = async (endpoint: string) => {
    const id = randomUUID();
    await api.deps.db.execute(
      'insert into recovery_jobs (id, organization_id, endpoint_id, until, finished_at) values ($1, $2, $3, now(), now())',
      [id, partner.organization, endpoint],
    );
    return id;
  };
  const [first, , second] = [await insert(partner.endpoint), await insert(other), await insert(partner.endpoint)];
  for (const list of [`${partner.path}/jobs`, '/v1/jobs']) {
    const { body } = await api.call('GET', `${list}?endpoint_id=${partner.endpoint}`);
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([second, first]);
    const page = await api.call('GET', `${list}?endpoint_id=${partner.endpoint}&limit=1`);
    const next = await api.call('GET', `${list}?endpoint_id=${partner.endpoint}&cursor=${page.body.next_cursor}`);
    expect(next.body).toMatchObject({ data: [{ id: first }], next_cursor: null });
    const wrong = await api.call('GET', `${list}?endpoint_id=x`);
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([400, 'endpoint_id']);
  }
});

test('where one runs already, nothing new begins, and the one that runs is named', async () => {
  await anAbandonedLead(api, partner);
  const running = randomUUID();
  await api.deps.db.execute(
    'insert into recovery_jobs (id, organization_id, endpoint_id, until) values ($1, $2, $3, now())',
    [running, partner.organization, partner.endpoint],
  );
  expect((await recoverAll({})).body).toEqual({
    count: 0,
    endpoints: [{ endpoint_id: partner.endpoint, count: 0, status: 'already_running', job_id: running }],
  });
});

test('when Temporal goes away in between, what has begun is told, and what has not', async () => {
  const others = [
    await addEndpoint(api, partner.organization, receiver.url),
    await addEndpoint(api, partner.organization, receiver.url),
  ];
  await publish(api, aLead(partner.organization).created());
  const all = [partner.endpoint, ...others.map(({ id }) => id)];
  for (const endpoint of all) await untilDeliveries(api, { ...partner, endpoint }, ['abandoned: rejected']);
  let calls = 0;
  const recover: typeof api.deps.operations.recover = (scope) =>
    ++calls === 1 ? api.deps.operations.recover(scope) : Promise.reject(new Error('connection refused'));
  const shaky = await startApi({ ...api.deps, operations: { ...api.deps.operations, recover } });
  try {
    const { status, body } = await call(`${shaky.url}${partner.path}/deliveries/recover`, 'POST', { body: {} });
    expect([status, body]).toMatchObject([
      202,
      {
        count: 1,
        endpoints: [
          { endpoint_id: all[0], count: 1, status: 'started' },
          { endpoint_id: all[1], count: 0, status: 'failed', job_id: null },
          { endpoint_id: all[2], count: 0, status: 'failed', job_id: null },
        ],
      },
    ]);
    // The one that was refused, and none after it.
    expect(calls).toBe(2);
    // Nothing has begun: the caller is told so.
    const none = await call(`${shaky.url}${partner.path}/deliveries/recover`, 'POST', {
      body: { endpoint_id: all[1] },
    });
    expect(none.status).toBe(503);
  } finally {
    await shaky.close();
  }
});

test('no endpoint is left out, however many an organization has', async () => {
  await publish(api, aLead(partner.organization).created());
  await untilDeliveries(api, partner, ['abandoned: rejected']);
  await api.deps.db.execute(
    `insert into endpoints (id, organization_id, url, events, mode, secret, created_at)
     select gen_random_uuid(), organization_id, url, events, mode, secret, created_at - n * interval '1 second'
       from endpoints, generate_series(1, 1000) n where id = $1`,
    [partner.endpoint],
  );
  expect((await recoverAll({ dry_run: true })).body).toEqual(counted(1));
});

test.each([
  [{ since: '2999-01-01T00:00:00Z' }, 'since', 'expected a time not in the future'],
  [{ since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }, 'since', 'expected a time not after until'],
  [
    { created_since: '2026-01-02T00:00:00Z', created_until: '2026-01-01T00:00:00Z' },
    'created_since',
    'expected a time not after created_until',
  ],
])('a range that is the wrong way round is refused: %o', async (body, path, message) => {
  const answer = await recoverAll({ ...body, dry_run: true });
  expect(answer).toMatchObject({ status: 422, body: { errors: [{ path, message }] } });
});

test.each([{ event: 'lead.unknown' }, { lead_id: 'x' }, { created_since: 'yesterday' }, { status: 'delivered' }])(
  'what no list would take is refused: %o',
  async (body) => {
    const answer = await recoverAll({ ...body, dry_run: true });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toHaveLength(1);
  },
);
