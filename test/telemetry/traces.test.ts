import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startRelay } from '../../src/outbox/relay.ts';
import { type Span, startCollector, type Collector } from '../support/collector.ts';
import { aLead, person, street } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { aWidget } from '../support/widget-events.ts';
import { startTestApi, type TestApi } from '../http/api.ts';

let collector: Collector;
let api: TestApi;
let receiver: Receiver;
let organization: string;
beforeAll(async () => {
  collector = await startCollector();
  api = await startTestApi({
    worker: true,
    config: { otlpEndpoint: collector.url, retryScheduleMs: [50, 100, 150, 200] },
  });
  receiver = await startReceiver();
  organization = await anOrganization(api.deps);
  await anEndpoint(api.deps, organization, receiver.url);
});
afterAll(async () => {
  await api?.stop();
  await receiver?.close();
  await collector?.close();
});

const post = (body: unknown, headers: Record<string, string> = {}) => api.call('POST', '/v1/events', { body, headers });
const attemptOf = (spans: Span[], outcome: string) =>
  spans.filter(({ name, attributes }) => name === 'attempt' && attributes['spark360.outcome'] === outcome);

/** The spans of the trace in which an inbound id was signalled, once `isComplete`. */
const traceOf = (inboundId: string, isComplete: (spans: Span[]) => boolean): Promise<Span[]> =>
  eventually(() => {
    const signal = collector.spans.find(({ attributes }) => attributes['spark360.inbound_id'] === inboundId);
    const spans = collector.spans.filter(({ traceId }) => traceId === signal?.traceId);
    if (signal === undefined || !isComplete(spans)) throw new Error(`incomplete: ${spans.map(({ name }) => name)}`);
    return spans;
  });

const parentOf = (span: Span | undefined, spans: Span[]): Span | undefined =>
  spans.find(({ spanId }) => spanId === span?.parentSpanId);

test('one trace from the request through the signal and the publish to each attempt', async () => {
  const created = aLead(organization).created();
  await post(created);
  const spans = await traceOf(created.id, (found) => attemptOf(found, 'delivered').length === 1);
  const [attempt] = attemptOf(spans, 'delivered');
  const publish = parentOf(attempt, spans);
  const signal = parentOf(publish, spans);
  const request = parentOf(signal, spans);
  expect([request, signal, publish, attempt].map((span) => [span?.name, span?.role])).toEqual([
    ['POST /v1/events', 'test'],
    ['signal address', 'test'],
    ['publishLead', 'test'],
    ['attempt', 'test'],
  ]);
  expect(request?.parentSpanId).toBe('');
  expect(request?.attributes).toMatchObject({ 'http.route': '/v1/events', 'http.response.status_code': 202 });
  const sent = receiver.requests.at(-1)?.headers;
  expect(publish?.attributes).toMatchObject({
    'spark360.inbound_ids': [created.id],
    'spark360.events': ['lead.address_preview'],
    'spark360.event_ids': [sent?.['webhook-id']],
  });
  expect(attempt?.attributes).toMatchObject({
    'spark360.event': 'lead.address_preview',
    'spark360.event_id': sent?.['webhook-id'],
    'spark360.delivery_id': sent?.['x-spark360-delivery'],
    'spark360.attempt_id': sent?.['x-spark360-attempt-id'],
    'spark360.attempt': 1,
    'spark360.outcome': 'delivered',
    'http.response.status_code': 200,
  });
  // The partner is told nothing of it.
  expect(Object.keys(sent ?? {}).filter((name) => /trace/i.test(name))).toEqual([]);
});

test('retries are in the trace of the step that emitted their event, whatever steps came since', async () => {
  const lead = aLead(organization);
  let failures = 2;
  receiver.answer(() => ({ status: failures-- > 0 ? 500 : 200 }));
  const created = lead.created();
  const before = receiver.requests.length;
  await post(created);
  // Signalled before the first is published, it would be of the same batch, and that has one trace.
  await eventually(() => expect(receiver.requests.length).toBeGreaterThan(before));
  const enriched = lead.personal({ enriched: true, ownerOccupied: true });
  await post(enriched);
  const first = await traceOf(created.id, (found) => attemptOf(found, 'delivered').length === 1);
  expect(attemptOf(first, 'retry').map(({ attributes, status }) => [attributes['spark360.attempt'], status])).toEqual([
    [1, 'error'],
    [2, 'error'],
  ]);
  const [delivered] = attemptOf(first, 'delivered');
  expect(delivered?.attributes).toMatchObject({ 'spark360.event': 'lead.address_preview', 'spark360.attempt': 3 });
  expect(parentOf(delivered, first)?.name).toBe('signal address');
  const second = await traceOf(enriched.id, (found) => attemptOf(found, 'delivered').length === 1);
  expect(second[0]?.traceId).not.toBe(first[0]?.traceId);
  expect(attemptOf(second, 'delivered')[0]?.attributes).toMatchObject({ 'spark360.event': 'lead.enriched' });
  receiver.answer({});
});

test("the caller's own trace goes on here, and several events of one request are in it", async () => {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  const events = [aLead(organization).created(), aLead(organization).created()];
  await post(events, { traceparent: `00-${traceId}-${spanId}-01` });
  const spans = await traceOf(events[1]?.id ?? '', (found) => attemptOf(found, 'delivered').length === 2);
  expect(spans.find(({ name }) => name === 'POST /v1/events')).toMatchObject({ traceId, parentSpanId: spanId });
  expect(spans.filter(({ name }) => name === 'signal address')).toHaveLength(2);
});

test.each(['nonsense', `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`, `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`])(
  'a traceparent that is none (%s) begins a trace here',
  async (traceparent) => {
    const created = aLead(organization).created();
    expect((await post(created, { traceparent })).status).toBe(202);
    const spans = await traceOf(created.id, (found) => found.some(({ name }) => name === 'POST /v1/events'));
    expect(spans.find(({ name }) => name === 'POST /v1/events')?.parentSpanId).toBe('');
  },
);

test('a caller that does not sample its trace gets none here', async () => {
  const traceId = randomBytes(16).toString('hex');
  const lead = aLead(organization);
  await post(lead.created(), { traceparent: `00-${traceId}-${'a'.repeat(16)}-00` });
  const traced = lead.details();
  await post(traced);
  await traceOf(traced.id, (found) => found.some(({ name }) => name === 'publishLead'));
  expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
});

test('widgets and resends are traced too, and a row of the outbox from its relay on', async () => {
  const { deps } = api;
  const [{ id } = { id: '' }] = await deps.db.query<{ id: string }>(
    `select id from deliveries where status = 'delivered' limit 1`,
  );
  await api.call('POST', `/v1/organizations/${organization}/deliveries/${id}/resend`);
  await eventually(() => {
    const resend = collector.spans.find(
      ({ name, attributes }) => name === 'resendDelivery' && attributes['spark360.delivery_id'] === id,
    );
    const spans = collector.spans.filter(({ traceId }) => traceId === resend?.traceId);
    expect(spans.map(({ name }) => name).sort()).toEqual(
      [
        'POST /v1/organizations/:organizationId/deliveries/:deliveryId/resend',
        'attempt',
        'resendDelivery',
        'start resend',
      ].sort(),
    );
    expect(attemptOf(spans, 'delivered').map(({ attributes }) => attributes['spark360.resend'])).toEqual([true]);
  });
  const widget = aWidget(organization);
  await post(widget.created());
  const changed = widget.updated('inactive');
  await post(changed);
  const changes = await traceOf(changed.id, (found) => attemptOf(found, 'delivered').length === 1);
  expect(changes.map(({ name }) => name).sort()).toEqual([
    'POST /v1/events',
    'attempt',
    'publishWidget',
    'signal changed',
  ]);
  const relay = await startRelay(deps);
  const created = aLead(organization).created();
  await deps.db.query('select spark360.publish($1)', [JSON.stringify(created)]);
  const relayed = await traceOf(created.id, (found) => attemptOf(found, 'delivered').length === 1);
  expect(relayed.map(({ name }) => name).sort()).toEqual(['attempt', 'publishLead', 'signal address']);
  await relay.stop();
});

test('no span holds a URL, a body, a secret or anything of the person', async () => {
  const lead = aLead(organization);
  receiver.answer(({ rawBody }) => ({ status: 422, body: rawBody }));
  for (const step of [lead.created(), lead.personal({ enriched: true }), lead.contact()]) await post(step);
  await eventually(() => {
    expect(attemptOf(collector.spans, 'abandoned').length).toBeGreaterThanOrEqual(4);
  });
  receiver.answer({});
  const all = collector.bodies.join('\n');
  for (const word of [
    person.firstName,
    person.lastName,
    person.email,
    person.phone,
    street,
    receiver.url,
    'whsec_',
    'Bearer',
  ])
    expect(all).not.toContain(word);
});

test('a collector that is away, or refuses, delays nothing and fails nothing', async () => {
  const expectDelivered = async () => {
    const created = aLead(organization).created();
    expect((await post(created)).status).toBe(202);
    const path = `/v1/organizations/${organization}/deliveries?lead_id=${created.data.object.leadId}`;
    await eventually(async () => {
      expect((await api.call('GET', path)).body.data).toMatchObject([{ status: 'delivered' }]);
    });
  };
  collector.refuse(true);
  await expectDelivered();
  collector.refuse(false);
  const release = collector.hold();
  await expectDelivered();
  release();
  const next = aLead(organization).created();
  await post(next);
  await traceOf(next.id, (found) => attemptOf(found, 'delivered').length === 1);
});
