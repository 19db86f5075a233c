import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { sampleIds } from '../../src/schemas/samples.ts';
import { type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { documentedSignature, verifySignatures } from '../support/signatures.ts';
import { startTestApi, type TestApi } from './api.ts';
import { aPartner, deliveriesAt, type Partner } from './partner.ts';

let api: TestApi;
let receiver: Receiver;
let partner: Partner;
beforeAll(async () => {
  api = await startTestApi({ config: { attemptTimeoutMs: 700 } });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  receiver = await startReceiver({ status: 201, body: 'welcome' });
  partner = await aPartner(api, receiver.url);
});
afterEach(() => receiver?.close());

const testEndpoint = async () => {
  const answer = await api.call('POST', `${partner.endpointPath}/test`);
  expect(answer.status).toBe(200);
  expect(Object.keys(answer.body)).toEqual(['status_code', 'body', 'signature', 'duration_ms', 'error']);
  return answer.body;
};

test('sends a sample lead.enriched, signed like a real one, and shows the answer', async () => {
  const shown = await testEndpoint();
  const request = receiver.requests[0] as ReceivedRequest;
  expect(shown).toEqual({
    status_code: 201,
    body: 'welcome',
    signature: documentedSignature(partner.secret, request.rawBody),
    duration_ms: expect.any(Number),
    error: null,
  });
  verifySignatures(partner.secret, request);
  expect(request.headers).toMatchObject({
    'content-type': 'application/json',
    'x-spark360-event': 'lead.enriched',
    'x-spark360-test': 'true',
    'x-spark360-attempt': '1',
    'x-spark360-signature': shown.signature,
    'x-spark360-delivery': sampleIds.delivery,
    'webhook-id': sampleIds.event,
  });
  expect(request.headers).not.toHaveProperty('x-spark360-sequence');
  expect(request.headers).not.toHaveProperty('x-spark360-resend');
  expect(request.json).toMatchObject({
    event: 'lead.enriched',
    event_id: sampleIds.event,
    organization_id: partner.organization,
    data: { lead_id: sampleIds.lead, flow_id: sampleIds.flow, widget_reference_id: sampleIds.widget },
  });
});

test('during an overlap both secrets sign', async () => {
  const { body } = await api.call('POST', `${partner.endpointPath}/rotate-secret`);
  await testEndpoint();
  const request = receiver.requests[0] as ReceivedRequest;
  verifySignatures(partner.secret, request);
  expect(request.headers['x-spark360-signature-next']).toBe(documentedSignature(body.secret, request.rawBody));
});

test.each([
  ['an error', { status: 503, body: 'later' }, { status_code: 503, body: 'later', error: null }],
  ['410', { status: 410 }, { status_code: 410, body: '', error: null }],
  ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:9/' } }, { status_code: 302, error: null }],
  ['a long body', { body: 'x'.repeat(9_000) }, { status_code: 200, body: 'x'.repeat(4_096), error: null }],
  [
    'a closed connection',
    { reset: true },
    { status_code: null, body: null, error: 'connect: The connection was closed before a response arrived.' },
  ],
  ['silence', { hang: true }, { status_code: null, body: null, error: 'timeout: No response within 0.7 s.' }],
])('shows %s', async (_what, answer, expected) => {
  receiver.answer(answer);
  expect(await testEndpoint()).toMatchObject({
    ...expected,
    signature: expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
  });
});

test('is guarded: an address that may not be reached is not', async () => {
  // Refused at create and edit, so only the database can hold it.
  await api.deps.db.execute('update endpoints set url = $2 where id = $1', [
    partner.endpoint,
    'https://169.254.169.254/latest/meta-data',
  ]);
  expect(await testEndpoint()).toMatchObject({
    status_code: null,
    body: null,
    error: 'blocked_address: The host is not at a public internet address.',
  });
});

test('works on a paused endpoint, and counts for nothing', async () => {
  const state = async () => ({
    rows: await api.deps.db.query(
      `select status, paused_reason, episode, failing_since, abandoned_in_row, recovered_at, resume_phase, updated_at
         from endpoints where id = $1`,
      [partner.endpoint],
    ),
    attempts: await api.deps.db.query('select 1 from attempts'),
    events: await api.deps.db.query('select 1 from events'),
    deliveries: await deliveriesAt(api, partner),
    metrics: (await api.call('GET', '/metrics')).body.match(/^spark360_delivery_attempts_total.*$/gm),
  });
  await api.call('POST', `${partner.endpointPath}/pause`);
  const before = await state();
  expect(await testEndpoint()).toMatchObject({ status_code: 201 });
  for (const answer of [{ status: 410 }, { status: 500 }, { reset: true }]) {
    receiver.answer(answer);
    for (let time = 0; time < 6; time += 1) await testEndpoint();
  }
  expect(await state()).toEqual(before);
  expect(before).toMatchObject({ rows: [{ status: 'paused', paused_reason: 'manual' }], attempts: [], deliveries: [] });
});
