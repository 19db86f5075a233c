import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
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
