import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { eventually, startReceiver } from '../support/receiver.ts';
import { startTestApi, type TestApi } from './api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ worker: true });
});
afterAll(() => api?.stop());

const get = async (path: string) => (await api.call('GET', path)).body;

async function anOrganizationWithEndpoint(
  url: string,
  body: object = {},
): Promise<{ organization: string; endpoint: string }> {
  const organization = randomUUID();
  await api.call('PUT', `/v1/organizations/${organization}`, { body: { tier: 'premium' } });
  const made = await api.call('POST', `/v1/organizations/${organization}/endpoints`, {
    body: { url, events: ['lead.address_preview', 'lead.contact_requested'], ...body },
  });
  return { organization, endpoint: made.body.id };
}

test('a delivery reads exactly as the specification says, delivered or not', async () => {
  const receiver = await startReceiver((_request, index) =>
    index === 0 ? { status: 200, body: 'thanks' } : { status: 404, body: 'no such hook' },
  );
  const { organization, endpoint } = await anOrganizationWithEndpoint(receiver.url);
  const lead = aLead(organization);
  await api.call('POST', '/v1/events', { body: [lead.created(), lead.personal({ enriched: true })] });
  const path = `/v1/organizations/${organization}/deliveries`;
  const [abandoned, delivered] = await eventually(async () => {
    const { data } = await get(path);
    // Both may have been emitted in one moment: then their order in the list is any.
    const list = data.toSorted((a: { sequence: number }, b: { sequence: number }) => b.sequence - a.sequence);
    expect(list.map(({ status }: { status: string }) => status)).toEqual(['abandoned', 'delivered']);
    return list;
  });

  expect(delivered).toEqual({
    id: receiver.requests[0]?.headers['x-spark360-delivery'],
    event_id: receiver.requests[0]?.headers['webhook-id'],
    event: 'lead.address_preview',
    endpoint_id: endpoint,
    lead_id: lead.leadId,
    sequence: 1,
    status: 'delivered',
    reason: null,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    next_attempt_at: null,
    delivered_at: expect.stringMatching(/Z$/),
    waiting_for: null,
    payload: receiver.requests[0]?.json,
    attempts: [
      {
        id: receiver.requests[0]?.headers['x-spark360-attempt-id'],
        number: 1,
        started_at: expect.stringMatching(/Z$/),
        duration_ms: expect.any(Number),
        status_code: 200,
        error: null,
        response_body: 'thanks',
      },
    ],
  });
  expect(Object.keys(abandoned)).toEqual(Object.keys(delivered));
  expect(abandoned).toMatchObject({ status: 'abandoned', reason: 'rejected', delivered_at: null, sequence: 2 });
  expect(abandoned.attempts).toMatchObject([{ status_code: 404, response_body: 'no such hook' }]);
  expect(await get(`${path}/${abandoned.id}`)).toEqual(abandoned);

  for (const [query, count] of [
    ['status=abandoned', 1],
    ['event=lead.address_preview', 1],
    [`endpoint_id=${endpoint}`, 2],
    [`endpoint_id=${randomUUID()}`, 0],
    [`lead_id=${lead.leadId.toUpperCase()}`, 2],
    [`lead_id=${randomUUID()}`, 0],
    [`since=${delivered.created_at}`, 2],
    [`until=${encodeURIComponent('2020-01-01T00:00:00+02:00')}`, 0],
    [`status=delivered&endpoint_id=${endpoint}&lead_id=${lead.leadId}&since=2020-01-01T00:00:00Z`, 1],
  ] as const) {
    expect([query, (await get(`${path}?${query}`)).data.length]).toEqual([query, count]);
  }
  await receiver.close();
});

test('a failed connection is an attempt without an answer: its class and words', async () => {
  const { organization } = await anOrganizationWithEndpoint('http://127.0.0.1:9/closed');
  const lead = aLead(organization);
  await api.call('POST', '/v1/events', { body: lead.created() });
  await eventually(async () => {
    const { data } = await get(`/v1/organizations/${organization}/deliveries`);
    expect(data[0]?.attempts[0]).toMatchObject({
      status_code: null,
      error: expect.stringMatching(/^connect: /),
      response_body: null,
    });
  });
});

test('steps of one request are in the order of its array, whatever their ids and times', async () => {
  const { organization } = await anOrganizationWithEndpoint('http://127.0.0.1:9/closed');
  const lead = aLead(organization);
  const timestamp = new Date().toISOString();
  const sent = [lead.created(), lead.details(), lead.personal({ enriched: true }), lead.contact()].map(
    (event, index) => ({ ...event, timestamp, id: `${9 - index}${randomUUID().slice(1)}` }),
  );
  await api.call('POST', '/v1/events', { body: sent });
  const { steps } = await eventually(async () => {
    const found = await get(`/v1/organizations/${organization}/leads/${lead.leadId}`);
    expect(found.steps.map(({ outcome }: { outcome: string }) => outcome)).toEqual(Array(4).fill('applied'));
    return found;
  });
  expect(steps.map(({ id }: { id: string }) => id)).toEqual(sent.map(({ id }) => id));
});

test('a lead shows its steps, stage, events and deliveries, as one timeline', async () => {
  const receiver = await startReceiver();
  const { organization } = await anOrganizationWithEndpoint(receiver.url);
  const lead = aLead(organization, { ownerOccupied: true });
  const events = [lead.created(), lead.details(), lead.personal({ enriched: true }), lead.contact()];
  for (const event of events) await api.call('POST', '/v1/events', { body: event });
  await eventually(() => expect(receiver.requests.length).toBe(3));

  const path = `/v1/organizations/${organization}/leads/${lead.leadId}`;
  const body = await eventually(async () => {
    const found = await get(path);
    expect(found.deliveries.map(({ status }: { status: string }) => status)).toEqual(Array(3).fill('delivered'));
    return found;
  });
  expect(body).toMatchObject({
    mode: 'prod',
    stage: 'contact_requested',
    lead_status: 'contact_info_provided',
    conflicts: [],
  });
  expect(body.steps.map(({ id, name, outcome }: Record<string, string>) => [id, name, outcome])).toEqual([
    [events[0]?.id, 'address', 'applied'],
    [events[1]?.id, 'details', 'applied'],
    [events[2]?.id, 'enrichment', 'applied'],
    [events[3]?.id, 'contact', 'applied'],
  ]);
  expect(body.events.map(({ event }: { event: string }) => event)).toEqual([
    'lead.address_preview',
    'lead.enriched',
    'lead.contact_requested',
  ]);
  expect(body.state).toMatchObject({ leadId: lead.leadId, leadStatus: 'contact_info_provided' });
  const stepLines = body.timeline.filter(({ kind }: { kind: string }) => kind === 'step');
  expect(stepLines.map(({ text }: { text: string }) => text)).toEqual([
    'lead.created, step address: applied',
    'lead.updated, step project details: applied',
    'lead.updated, step person: applied',
    'lead.updated, step contact request: applied',
  ]);
  const kinds = body.timeline.map(({ kind }: { kind: string }) => kind);
  expect(kinds.toSorted()).toEqual(
    [
      ...Array(4).fill('step'),
      ...Array(3).fill('event'),
      ...Array(3).fill('attempt'),
      ...Array(3).fill('delivered'),
    ].sort(),
  );
  const moments = body.timeline.map(({ at }: { at: string }) => at);
  expect(moments).toEqual(moments.toSorted());
  await receiver.close();
});

test('leads are listed newest first, by stage too, and a lead nobody heard of is a 404', async () => {
  const organization = randomUUID();
  const waiting = aLead(organization);
  const asked = aLead(organization);
  await api.call('POST', '/v1/events', { body: waiting.created() });
  const path = `/v1/organizations/${organization}/leads`;
  await eventually(async () => expect((await get(path)).data).toHaveLength(1));
  await api.call('POST', '/v1/events', { body: [asked.created(), asked.personal()] });
  await eventually(async () => {
    const { data } = await get(path);
    expect(data.map(({ lead_id, stage }: Record<string, string>) => [lead_id, stage])).toEqual([
      [asked.leadId, 'waiting_for_enrichment'],
      [waiting.leadId, 'waiting_for_details'],
    ]);
  });
  const { data } = await get(`${path}?stage=waiting_for_details`);
  expect(data).toMatchObject([{ lead_id: waiting.leadId, mode: 'prod', lead_status: 'address_info_provided' }]);
  expect((await api.call('GET', `${path}/${randomUUID()}`)).status).toBe(404);
  expect((await api.call('GET', `/v1/organizations/${organization}/leads/${asked.leadId.toUpperCase()}`)).status).toBe(
    200,
  );
});

test('an organization exists from its first event on, as a starter', async () => {
  const organization = randomUUID();
  await api.call('POST', '/v1/events', { body: aLead(organization).created() });
  await eventually(async () =>
    expect(await get(`/v1/organizations/${organization}`)).toMatchObject({
      id: organization,
      tier: 'starter',
      notify: [],
    }),
  );
});
