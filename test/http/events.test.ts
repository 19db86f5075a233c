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

const post = (body: unknown, key?: string) =>
  api.call('POST', '/v1/events', { body, ...(key === undefined ? {} : { key }) });
const ledger = (id: string) =>
  api.deps.db.query<{ outcome: string; name: string; subject: string }>(
    'select outcome, name, subject from inbound_events where id = $1',
    [id],
  );
const widgetEvent = (object: object, event = 'widget.updated') => ({
  id: randomUUID(),
  event,
  timestamp: new Date().toISOString(),
  data: { object: { referenceId: randomUUID(), widgetType: 'roof-estimate', status: 'active', ...object } },
});

test('a whole journey in one request reaches the partner in order', async () => {
  const receiver = await startReceiver();
  const organization = randomUUID();
  await api.call('PUT', `/v1/organizations/${organization}`, { body: { tier: 'premium' } });
  const endpoint = await api.call('POST', `/v1/organizations/${organization}/endpoints`, {
    body: {
      url: receiver.url,
      events: ['lead.contact_requested', 'lead.address_preview', 'lead.rental_alert'],
    },
  });
  expect(endpoint.status).toBe(201);
  const lead = aLead(organization);
  const events = [lead.created(), lead.details(), lead.personal({ enriched: true }), lead.contact()];
  const { status, body } = await post(events);
  expect(status).toBe(202);
  expect(body).toEqual({
    accepted: events.map(({ id }) => ({ id, workflow_id: `lead/${organization}/${lead.leadId}`, duplicate: false })),
  });
  await eventually(() =>
    expect(receiver.eventNames()).toEqual([
      'lead.address_preview',
      'lead.enriched',
      'lead.rental_alert',
      'lead.contact_requested',
    ]),
  );
  await receiver.close();
});

test('an immediate repeat is a duplicate, whether the workflow has run or not', async () => {
  const event = aLead(randomUUID()).created();
  const first = await post(event);
  const second = await post(event);
  expect(first.body.accepted).toMatchObject([{ id: event.id, duplicate: false }]);
  expect(second.status).toBe(202);
  expect(second.body.accepted).toEqual([{ ...first.body.accepted[0], duplicate: true }]);
  await eventually(async () => expect(await ledger(event.id)).toMatchObject([{ outcome: 'applied', name: 'address' }]));
  expect((await post(event)).body.accepted[0].duplicate).toBe(true);
});

test('the same event twice in one request is accepted once', async () => {
  const event = aLead(randomUUID()).created();
  const { status, body } = await post([event, { ...event, metadata: { again: true } }]);
  expect(status).toBe(202);
  expect(body.accepted.map(({ duplicate }: { duplicate: boolean }) => duplicate)).toEqual([false, true]);
});

test('an id in other letters is the same id', async () => {
  const event = aLead(randomUUID()).created();
  await post(event);
  const { body } = await post({ ...event, id: event.id.toUpperCase() });
  expect(body.accepted).toMatchObject([{ id: event.id, duplicate: true }]);
});

test('the same id with other content is a conflict, and nothing of the request is applied', async () => {
  const lead = aLead(randomUUID());
  const first = lead.created();
  await post(first);
  const fresh = lead.details();
  const { status, body, headers } = await post([fresh, { ...lead.contact(), id: first.id }]);
  expect(status).toBe(409);
  expect(headers.get('content-type')).toContain('application/problem+json');
  expect(body).toMatchObject({
    type: 'urn:spark360:error:id_conflict',
    status: 409,
    errors: [{ path: '[1].id', message: 'used before with other content' }],
  });
  expect(await ledger(fresh.id)).toEqual([]);
  const timeline = await api.call('GET', `/v1/organizations/${lead.organizationId}/leads/${lead.leadId}`);
  expect(timeline.body.conflicts).toMatchObject([{ id: first.id }]);
});

test('two contents with one id in one request are a conflict', async () => {
  const lead = aLead(randomUUID());
  const first = lead.created();
  const { status, body } = await post([first, { ...lead.details(), id: first.id }]);
  expect(status).toBe(409);
  expect(body.errors).toEqual([{ path: '[1].id', message: 'used before with other content' }]);
  expect(await ledger(first.id)).toEqual([]);
});

test('a wrong event in an array names its place and path, and nothing of the request is applied', async () => {
  const lead = aLead(randomUUID());
  const good = lead.created();
  const bad = lead.details({ addressInfo: { ...(good.data.object.addressInfo as object), zip: 78701 } });
  const { status, body } = await post([good, bad, 'nonsense']);
  expect(status).toBe(422);
  expect(body.errors).toContainEqual({ path: '[1].data.object.addressInfo.zip', message: 'expected string' });
  expect(body.errors.some(({ path }: { path: string }) => path.startsWith('[2]'))).toBe(true);
  expect(body.detail).toContain('[1].data.object.addressInfo.zip: expected string');
  expect(await ledger(good.id)).toEqual([]);
});

test('a single wrong event names the path without a place', async () => {
  const event = aLead(randomUUID()).created({ addressInfo: undefined });
  const { status, body } = await post(event);
  expect(status).toBe(422);
  expect(body.errors).toEqual([{ path: 'data.object.addressInfo', message: 'expected object' }]);
});

test('a moment more than 24 h ahead, and an integer that JSON readers round, are refused, and no later event is superseded', async () => {
  const organizationId = randomUUID();
  const referenceId = randomUUID();
  const ahead = new Date(Date.now() + 3 * 365 * 86_400_000).toISOString();
  const future = { ...widgetEvent({ referenceId, organizationId }), timestamp: ahead };
  expect(await post(future)).toMatchObject({ status: 422, body: { errors: [{ path: 'timestamp' }] } });
  const now = widgetEvent({ referenceId, organizationId });
  expect((await post(now)).status).toBe(202);
  await eventually(async () => expect(await ledger(now.id)).toMatchObject([{ outcome: 'applied' }]));

  const lead = aLead(organizationId);
  const text = JSON.stringify(lead.details({ roofEstimate: { costMax: 'literal' } }));
  const rounded = await post(text.replace('"literal"', '9007199254740993'));
  expect(rounded).toMatchObject({ status: 422, body: { errors: [{ path: 'data.object.roofEstimate.costMax' }] } });
  expect((await post(text.replace('"literal"', '9007199254740991'))).status).toBe(202);
});

test.each([
  ['an empty array', []],
  ['more than 100 events', Array.from({ length: 101 }, () => aLead(randomUUID()).created())],
  ['a string', '"lead.created"'],
  ['null', 'null'],
  ['no body', undefined],
  ['an event above 256 KiB', aLead(randomUUID()).created({ notes: 'x'.repeat(256 * 1024) })],
])('%s is refused with 422', async (_what, body) => {
  const answer = await post(body);
  expect(answer.status).toBe(422);
  expect(answer.body.errors.length).toBeGreaterThan(0);
});

test('100 events of 100 leads and 100 of one lead are taken', async () => {
  const organization = randomUUID();
  const many = await post(Array.from({ length: 100 }, () => aLead(organization).created()));
  expect(many.status).toBe(202);
  expect(new Set(many.body.accepted.map((entry: { workflow_id: string }) => entry.workflow_id)).size).toBe(100);
  const lead = aLead(organization);
  const one = await post([lead.created(), ...Array.from({ length: 99 }, () => lead.details())]);
  expect(one.status).toBe(202);
  await eventually(async () => {
    const { body } = await api.call('GET', `/v1/organizations/${organization}/leads/${lead.leadId}`);
    expect(body.steps.map(({ outcome }: { outcome: string }) => outcome)).toEqual(Array(100).fill('applied'));
  });
});

test('a request above 4 MiB is refused with 413', async () => {
  const events = Array.from({ length: 50 }, () => aLead(randomUUID()).created({ notes: 'x'.repeat(100_000) }));
  const { status, body } = await post(events);
  expect(status).toBe(413);
  expect(body.title).toBe('The request is too large');
});

test('a widget event whose organization cannot be known is refused with 422', async () => {
  const { status, body } = await post(widgetEvent({}));
  expect(status).toBe(422);
  expect(body.errors).toMatchObject([{ path: 'data.object.organizationId' }]);
});

test('a widget event belongs to the organization the widget is registered with', async () => {
  const organization = randomUUID();
  const widget = randomUUID();
  await api.call('PUT', `/v1/organizations/${organization}`, { body: {} });
  await api.call('PUT', `/v1/organizations/${organization}/widgets/${widget}`, { body: { name: 'Spring' } });
  const { status, body } = await post(widgetEvent({ referenceId: widget }));
  expect(status).toBe(202);
  expect(body.accepted).toMatchObject([{ workflow_id: `widget/${widget}`, duplicate: false }]);
});

test('a widget event belongs to the organization that an earlier one said, in the request or before it', async () => {
  const widget = randomUUID();
  const first = widgetEvent({ referenceId: widget, organizationId: randomUUID() }, 'widget.created');
  const second = { ...widgetEvent({ referenceId: widget, status: 'inactive' }) };
  expect((await post([first, second])).status).toBe(202);
  expect((await post(widgetEvent({ referenceId: widget }))).status).toBe(202);
});

test('a key in a query, a body that is not JSON, bytes that are not UTF-8 and nesting without end are refused with 400', async () => {
  const event = aLead(randomUUID()).created();
  expect((await api.call('POST', '/v1/events?dry_run=1', { body: event })).status).toBe(400);
  for (const body of ['{"id": ', '{} {}', Buffer.from([0x22, 0xff, 0x22]), '['.repeat(100_000)]) {
    const answer = await api.call('POST', '/v1/events', { body });
    expect(answer.status).toBe(400);
    expect(answer.body.type).toBe('urn:spark360:error:malformed_json');
  }
});

test('outcomes are counted', async () => {
  const { body } = await api.call('GET', '/metrics');
  for (const outcome of ['accepted', 'duplicate', 'conflict', 'invalid']) {
    expect(body).toMatch(new RegExp(`spark360_inbound_events_total\\{outcome="${outcome}"\\} [1-9]`));
  }
  expect(body).toMatch(
    /spark360_http_request_duration_seconds_count\{method="POST",route="\/v1\/events",status="202"\} [1-9]/,
  );
});
