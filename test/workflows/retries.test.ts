import { describe, expect, test } from '@jest/globals';
import { leadSubject } from '../../src/domain/ids.ts';
import { stateQuery } from '../../workflows/messages.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { attemptsOf, type DeliveryRow, deliveriesOf, settled, stepsOf } from '../support/ledger.ts';
import { anEndpoint } from '../support/partners.ts';
import { type Answer, eventually, type ReceivedRequest, startReceiver } from '../support/receiver.ts';
import { partnerOfFile } from './partner-of-file.ts';

const retryScheduleMs = [300, 50, 100, 150];
const attemptTimeoutMs = 5_000;

const at = partnerOfFile({ retryScheduleMs, attemptTimeoutMs, addressGraceMs: 0 });

/** Answers in turn; the last for ever. */
const inTurn =
  (...answers: Answer[]) =>
  (_request: ReceivedRequest, index: number): Answer =>
    answers[Math.min(index, answers.length - 1)] ?? {};

async function publish(lead: LeadEvents, ...steps: ('created' | 'enriched' | 'contact')[]): Promise<void> {
  const made = steps.map((step) =>
    step === 'created' ? lead.created() : step === 'contact' ? lead.contact() : lead.personal({ enriched: true }),
  );
  await at.service.deps.client.publishMany(made);
}

const headersOf = (name: string) => at.receiver.requests.map(({ headers }) => headers[name]);
const only = async (lead: LeadEvents): Promise<DeliveryRow> => {
  const rows = await deliveriesOf(at.service.deps, lead);
  expect(rows).toHaveLength(1);
  return rows[0] as DeliveryRow;
};
const statuses = async (lead: LeadEvents, endpointId = at.endpoint.id) =>
  (await deliveriesOf(at.service.deps, lead))
    .filter((row) => row.endpoint_id === endpointId)
    .map(({ status, reason }) => (reason === null ? status : `${status}: ${reason}`));
const endpointRow = async () =>
  (
    await at.service.deps.db.query<{ status: string; paused_reason: string | null }>(
      'select status, paused_reason from endpoints where id = $1',
      [at.endpoint.id],
    )
  )[0];

describe('an answer decides what happens', () => {
  test('500, then 200: retried by the schedule, the same bytes, then delivered', async () => {
    at.receiver.answer(inTurn({ status: 500, body: 'out of order' }, { status: 200, body: 'thanks' }));
    const lead = aLead(at.organization);
    await publish(lead, 'created');
    const waiting = await eventually(async () => {
      const row = await only(lead);
      expect(row.status).toBe('retrying');
      return row;
    });
    expect(waiting.next_attempt_at).toEqual(expect.any(Date));

    await settled(at.service.deps, lead, 1);
    expect(await only(lead)).toMatchObject({
      status: 'delivered',
      attempt: 2,
      next_attempt_at: null,
      delivered_at: expect.any(Date),
    });
    expect(headersOf('x-spark360-attempt')).toEqual(['1', '2']);
    expect(headersOf('x-spark360-sequence')).toEqual(['1', '1']);
    expect(new Set(headersOf('webhook-id')).size).toBe(1);
    expect(new Set(headersOf('x-spark360-delivery')).size).toBe(1);
    expect(new Set(at.receiver.requests.map(({ rawBody }) => rawBody.toString('hex'))).size).toBe(1);
    expect(await attemptsOf(at.service.deps, waiting.id)).toMatchObject([
      { id: headersOf('x-spark360-attempt-id')[0], number: 1, status_code: 500, response_body: 'out of order' },
      { id: headersOf('x-spark360-attempt-id')[1], number: 2, status_code: 200, response_body: 'thanks' },
    ]);
  });

  test('400: abandoned at once, and the lane goes on', async () => {
    at.receiver.answer(inTurn({ status: 400 }, {}));
    const lead = aLead(at.organization);
    await publish(lead, 'created', 'enriched');
    await settled(at.service.deps, lead, 2);
    expect(await statuses(lead)).toEqual(['abandoned: rejected', 'delivered', 'delivered']);
    expect(headersOf('x-spark360-sequence')).toEqual(['1', '2', '3']);
    expect((await endpointRow())?.status).toBe('active');
  });

  test('410: abandoned, and the endpoint is paused; what follows is held', async () => {
    at.receiver.answer({ status: 410 });
    const lead = aLead(at.organization);
    await publish(lead, 'created', 'enriched');
    await eventually(async () => expect(await statuses(lead)).toEqual(['abandoned: gone', 'held', 'held']));
    expect(at.receiver.requests).toHaveLength(1);
    expect(await endpointRow()).toEqual({ status: 'paused', paused_reason: 'gone' });
  });

  test.each([[429], [503]])('%i: retried', async (status) => {
    at.receiver.answer(inTurn({ status, headers: { location: 'http://127.0.0.1:9/' } }, {}));
    const lead = aLead(at.organization);
    await publish(lead, 'created');
    await settled(at.service.deps, lead, 1);
    expect((await attemptsOf(at.service.deps, (await only(lead)).id)).map((row) => row.status_code)).toEqual([
      status,
      200,
    ]);
  });

  test.each([
    ['a timeout', { hang: true } as Answer],
    ['a connection that breaks', { reset: true } as Answer],
  ])('%s: retried, logged without a code', async (_name, answer) => {
    at.receiver.answer(inTurn(answer, {}));
    const lead = aLead(at.organization);
    await publish(lead, 'created');
    await settled(at.service.deps, lead, 1);
    expect(await attemptsOf(at.service.deps, (await only(lead)).id)).toMatchObject([
      { number: 1, status_code: null, error_class: expect.any(String), error: expect.any(String), response_body: null },
      { number: 2, status_code: 200, error_class: null },
    ]);
  });

  test('Retry-After is honoured where it is later than the schedule', async () => {
    at.receiver.answer(inTurn({ status: 503, headers: { 'retry-after': '2' } }, {}));
    const lead = aLead(at.organization);
    await publish(lead, 'created');
    await settled(at.service.deps, lead, 1);
    const [first, second] = at.receiver.requests as [ReceivedRequest, ReceivedRequest];
    expect(second.at - first.at).toBeGreaterThanOrEqual(1_990);
  });

  test('five attempts, then abandoned as exhausted; without a success since, the endpoint is paused', async () => {
    at.receiver.answer({ status: 500 });
    const lead = aLead(at.organization);
    await publish(lead, 'created', 'enriched');
    await eventually(async () => expect(await statuses(lead)).toEqual(['abandoned: exhausted', 'held', 'held']));
    expect(headersOf('x-spark360-attempt')).toEqual(['1', '2', '3', '4', '5']);
    expect(headersOf('x-spark360-sequence')).toEqual(['1', '1', '1', '1', '1']);
    const [first] = await deliveriesOf(at.service.deps, lead);
    expect((await attemptsOf(at.service.deps, first?.id ?? '')).map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    expect(await endpointRow()).toEqual({ status: 'paused', paused_reason: 'failing' });
  });
});

describe('lanes', () => {
  test('while the head is retried the rest of its lane waits, and no other endpoint does', async () => {
    at.receiver.answer(inTurn({ status: 500 }, { status: 500 }, {}));
    const healthy = await startReceiver();
    await anEndpoint(at.service.deps, at.organization, healthy.url);
    const lead = aLead(at.organization);
    await publish(lead, 'created', 'enriched', 'contact');
    await eventually(() => expect(healthy.requests).toHaveLength(4));
    expect(at.receiver.requests.length).toBeLessThan(3);
    expect((await statuses(lead)).slice(1)).toEqual(['pending', 'pending', 'pending']);
    await settled(at.service.deps, lead, 3);
    expect(headersOf('x-spark360-event')).toEqual([
      'lead.address_preview',
      'lead.address_preview',
      'lead.address_preview',
      'lead.enriched',
      'lead.rental_alert',
      'lead.contact_requested',
    ]);
    // Waiting for its turn is no failure: each went as its first attempt.
    expect(headersOf('x-spark360-attempt')).toEqual(['1', '2', '3', '1', '1', '1']);
    await healthy.close();
  });

  test('a slow first attempt is handed over: sent once, and neither steps nor other endpoints wait for it', async () => {
    const answer = at.receiver.hold(({ number }) => number === 1);
    const healthy = await startReceiver();
    await anEndpoint(at.service.deps, at.organization, healthy.url);
    const lead = aLead(at.organization);
    await publish(lead, 'created');
    await eventually(() => expect(at.receiver.requests).toHaveLength(1));
    await publish(lead, 'enriched');
    await eventually(() => expect(healthy.requests).toHaveLength(3));
    expect(at.receiver.requests).toHaveLength(1);
    expect(await statuses(lead)).toEqual(['delivering', 'pending', 'pending']);
    answer();
    await settled(at.service.deps, lead, 2);
    expect(headersOf('x-spark360-sequence')).toEqual(['1', '2', '3']);
    expect(headersOf('x-spark360-attempt')).toEqual(['1', '1', '1']);
    const [slow] = (await deliveriesOf(at.service.deps, lead)).filter((row) => row.endpoint_id === at.endpoint.id);
    expect(await attemptsOf(at.service.deps, slow?.id ?? '')).toMatchObject([{ number: 1, status_code: 200 }]);
    await healthy.close();
  });

  test('many leads at a slow endpoint: each event once, none out of order', async () => {
    at.receiver.answer({ delayMs: 700 });
    const leads = Array.from({ length: 12 }, () => aLead(at.organization, { ownerOccupied: true }));
    await Promise.all(leads.map((lead) => publish(lead, 'created', 'enriched')));
    await Promise.all(leads.map((lead) => settled(at.service.deps, lead, 2)));
    for (const { leadId } of leads) {
      const own = at.receiver.requests.filter((request) => request.leadId === leadId);
      expect(own.map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['1', '2']);
    }
  });

  test('two workers at once: every lead in order, every event once', async () => {
    const other = await at.service.anotherWorker();
    at.receiver.answer((_request, index) => ({ delayMs: index % 3 === 0 ? 650 : 0 }));
    const leads = Array.from({ length: 20 }, () => aLead(at.organization));
    await Promise.all(leads.map((lead) => publish(lead, 'created', 'enriched', 'contact')));
    await Promise.all(leads.map((lead) => settled(at.service.deps, lead, 3)));
    for (const { leadId } of leads) {
      const own = at.receiver.requests.filter((request) => request.leadId === leadId);
      expect(own.map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['1', '2', '3', '4']);
    }
    await other.stop();
  });
});

test('the query and the words in the UI say which attempt waits for what', async () => {
  at.receiver.answer({ status: 500, headers: { 'retry-after': '600' } });
  const lead = aLead(at.organization);
  await publish(lead, 'created');
  const handle = at.service.deps.temporal.workflow.getHandle(leadSubject(at.organization, lead.leadId));
  await eventually(async () => {
    const { lanes } = await handle.query(stateQuery);
    expect(lanes).toMatchObject([{ endpointId: at.endpoint.id, queue: [{ attempt: 2, dueAt: expect.any(Number) }] }]);
    expect(((await only(lead)).next_attempt_at?.getTime() ?? 0) - Date.now()).toBeGreaterThan(590_000);
  });
  const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toContain('lead.address_preview (sequence 1). Attempt 2 of 5 goes out at ');
  expect(await stepsOf(at.service.deps, leadSubject(at.organization, lead.leadId))).toHaveLength(1);
});
