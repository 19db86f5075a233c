import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { leadSubject } from '../../src/domain/ids.ts';
import { stateQuery } from '../../workflows/messages.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { type AttemptRow, attemptsOf, type DeliveryRow, deliveriesOf, settled, stepsOf } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { type Answer, eventually, type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';

const retryScheduleMs = [300, 50, 100, 150];
const attemptTimeoutMs = 2_500;

let service: TestService;
let receiver: Receiver;
let organization: string;
let endpoint: { id: string };
beforeAll(async () => {
  service = await startService({ retryScheduleMs, attemptTimeoutMs, addressGraceMs: 0 });
});
afterAll(() => service?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  organization = await anOrganization(service.deps);
  endpoint = await anEndpoint(service.deps, organization, receiver.url);
});
afterEach(() => receiver?.close());

/** Answers in turn; the last for ever. */
const inTurn =
  (...answers: Answer[]) =>
  (_request: ReceivedRequest, index: number): Answer =>
    answers[Math.min(index, answers.length - 1)] ?? {};

async function publish(lead: LeadEvents, ...steps: ('created' | 'enriched' | 'contact')[]): Promise<void> {
  const made = steps.map((step) =>
    step === 'created' ? lead.created() : step === 'contact' ? lead.contact() : lead.personal({ enriched: true }),
  );
  await service.deps.client.publishMany(made);
}

const headersOf = (name: string) => receiver.requests.map(({ headers }) => headers[name]);
const only = async (lead: LeadEvents): Promise<DeliveryRow> => {
  const rows = await deliveriesOf(service.deps, lead);
  expect(rows).toHaveLength(1);
  return rows[0] as DeliveryRow;
};
const statuses = async (lead: LeadEvents, endpointId = endpoint.id) =>
  (await deliveriesOf(service.deps, lead))
    .filter((row) => row.endpoint_id === endpointId)
    .map(({ status, reason }) => (reason === null ? status : `${status}: ${reason}`));
const endpointRow = async () =>
  (
    await service.deps.db.query<{ status: string; paused_reason: string | null }>(
      'select status, paused_reason from endpoints where id = $1',
      [endpoint.id],
    )
  )[0];

describe('an answer decides what happens', () => {
  test('500, then 200: retried by the schedule, the same bytes, then delivered', async () => {
    receiver.answer(inTurn({ status: 500, body: 'out of order' }, { status: 200, body: 'thanks' }));
    const lead = aLead(organization);
    await publish(lead, 'created');
    const waiting = await eventually(async () => {
      const row = await only(lead);
      expect(row.status).toBe('retrying');
      return row;
    });
    // By the workflow's clock, which stands still while its task runs: a busy machine is behind it.
    const [first] = (await attemptsOf(service.deps, waiting.id)) as [AttemptRow];
    const due = Number(waiting.next_attempt_at?.getTime()) - first.started_at.getTime() - first.duration_ms;
    expect(due).toBeGreaterThan(300 * 0.9 - 2_000);
    expect(due).toBeLessThan(300 * 1.1 + 100);

    await settled(service.deps, lead, 1);
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
    expect(new Set(receiver.requests.map(({ rawBody }) => rawBody.toString('hex'))).size).toBe(1);
    expect(await attemptsOf(service.deps, waiting.id)).toMatchObject([
      { id: headersOf('x-spark360-attempt-id')[0], number: 1, status_code: 500, response_body: 'out of order' },
      { id: headersOf('x-spark360-attempt-id')[1], number: 2, status_code: 200, response_body: 'thanks' },
    ]);
  });

  test('400: abandoned at once, and the lane goes on', async () => {
    receiver.answer(inTurn({ status: 400 }, {}));
    const lead = aLead(organization);
    await publish(lead, 'created', 'enriched');
    await settled(service.deps, lead, 2);
    expect(await statuses(lead)).toEqual(['abandoned: rejected', 'delivered', 'delivered']);
    expect(headersOf('x-spark360-sequence')).toEqual(['1', '2', '3']);
    expect((await endpointRow())?.status).toBe('active');
  });

  test('410: abandoned, and the endpoint is paused; what follows is held', async () => {
    receiver.answer({ status: 410 });
    const lead = aLead(organization);
    await publish(lead, 'created', 'enriched');
    await eventually(async () => expect(await statuses(lead)).toEqual(['abandoned: gone', 'held', 'held']));
    expect(receiver.requests).toHaveLength(1);
    expect(await endpointRow()).toEqual({ status: 'paused', paused_reason: 'gone' });
  });

  test.each([[429], [503]])('%i: retried', async (status) => {
    receiver.answer(inTurn({ status, headers: { location: 'http://127.0.0.1:9/' } }, {}));
    const lead = aLead(organization);
    await publish(lead, 'created');
    await settled(service.deps, lead, 1);
    expect((await attemptsOf(service.deps, (await only(lead)).id)).map((row) => row.status_code)).toEqual([
      status,
      200,
    ]);
  });

  test.each([
    ['a timeout', { hang: true } as Answer],
    ['a connection that breaks', { reset: true } as Answer],
  ])('%s: retried, logged without a code', async (_name, answer) => {
    receiver.answer(inTurn(answer, {}));
    const lead = aLead(organization);
    await publish(lead, 'created');
    await settled(service.deps, lead, 1);
    expect(await attemptsOf(service.deps, (await only(lead)).id)).toMatchObject([
      { number: 1, status_code: null, error_class: expect.any(String), error: expect.any(String), response_body: null },
      { number: 2, status_code: 200, error_class: null },
    ]);
  });

  test('Retry-After is honoured where it is later than the schedule', async () => {
    receiver.answer(inTurn({ status: 503, headers: { 'retry-after': '2' } }, {}));
    const lead = aLead(organization);
    await publish(lead, 'created');
    await settled(service.deps, lead, 1);
    const [first, second] = receiver.requests as [ReceivedRequest, ReceivedRequest];
    expect(second.at - first.at).toBeGreaterThanOrEqual(1_990);
  });

  test('five attempts, then abandoned as exhausted; without a success since, the endpoint is paused', async () => {
    receiver.answer({ status: 500 });
    const lead = aLead(organization);
    await publish(lead, 'created', 'enriched');
    await eventually(async () => expect(await statuses(lead)).toEqual(['abandoned: exhausted', 'held', 'held']));
    expect(headersOf('x-spark360-attempt')).toEqual(['1', '2', '3', '4', '5']);
    expect(headersOf('x-spark360-sequence')).toEqual(['1', '1', '1', '1', '1']);
    const [first] = await deliveriesOf(service.deps, lead);
    expect((await attemptsOf(service.deps, first?.id ?? '')).map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    expect(await endpointRow()).toEqual({ status: 'paused', paused_reason: 'failing' });
  });
});

describe('lanes', () => {
  test('while the head is retried the rest of its lane waits, and no other endpoint does', async () => {
    receiver.answer(inTurn({ status: 500 }, { status: 500 }, {}));
    const healthy = await startReceiver();
    await anEndpoint(service.deps, organization, healthy.url);
    const lead = aLead(organization);
    await publish(lead, 'created', 'enriched', 'contact');
    await eventually(() => expect(healthy.requests).toHaveLength(4));
    expect(receiver.requests.length).toBeLessThan(3);
    expect((await statuses(lead)).slice(1)).toEqual(['pending', 'pending', 'pending']);
    await settled(service.deps, lead, 3);
    expect(headersOf('x-spark360-event')).toEqual([
      'lead.address_preview',
      'lead.address_preview',
      'lead.address_preview',
      'lead.enriched',
      'lead.rental_alert',
      'lead.contact_requested',
    ]);
    // Waiting for its turn is no failure: each went as its first attempt, the moment the one before it was settled.
    expect(headersOf('x-spark360-attempt')).toEqual(['1', '2', '3', '1', '1', '1']);
    const [third, last] = [receiver.requests[2], receiver.requests[5]] as [ReceivedRequest, ReceivedRequest];
    expect(last.at - third.at).toBeLessThan(2_000);
    await healthy.close();
  });

  test('a slow first attempt is handed over: sent once, and neither steps nor other endpoints wait for it', async () => {
    receiver.answer((_request, index) => (index === 0 ? { delayMs: 1_500 } : {}));
    const healthy = await startReceiver();
    await anEndpoint(service.deps, organization, healthy.url);
    const lead = aLead(organization);
    const startedAt = Date.now();
    await publish(lead, 'created');
    await eventually(() => expect(receiver.requests).toHaveLength(1));
    await publish(lead, 'enriched');
    await eventually(() => expect(healthy.requests).toHaveLength(3));
    expect(Date.now() - startedAt).toBeLessThan(1_400);
    expect(receiver.requests).toHaveLength(1);
    expect(await statuses(lead)).toEqual(['delivering', 'pending', 'pending']);
    await settled(service.deps, lead, 2);
    expect(headersOf('x-spark360-sequence')).toEqual(['1', '2', '3']);
    expect(headersOf('x-spark360-attempt')).toEqual(['1', '1', '1']);
    const [slow] = (await deliveriesOf(service.deps, lead)).filter((row) => row.endpoint_id === endpoint.id);
    expect(await attemptsOf(service.deps, slow?.id ?? '')).toMatchObject([{ number: 1, status_code: 200 }]);
    await healthy.close();
  });

  test('many leads at a slow endpoint: each event once, none out of order', async () => {
    receiver.answer({ delayMs: 700 });
    const leads = Array.from({ length: 12 }, () => aLead(organization, { ownerOccupied: true }));
    await Promise.all(leads.map((lead) => publish(lead, 'created', 'enriched')));
    await Promise.all(leads.map((lead) => settled(service.deps, lead, 2)));
    for (const { leadId } of leads) {
      const own = receiver.requests.filter(
        ({ json }) => (json as { data: { lead_id: string } }).data.lead_id === leadId,
      );
      expect(own.map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['1', '2']);
    }
  });
});

describe('a worker that stops', () => {
  test('in the middle of retries: another one goes on, in order', async () => {
    const own = await startService({ retryScheduleMs: Array.from({ length: 20 }, () => 50), addressGraceMs: 0 });
    const id = await anOrganization(own.deps);
    await anEndpoint(own.deps, id, receiver.url);
    receiver.answer({ status: 500 });
    const lead = aLead(id);
    await own.deps.client.publish(lead.created());
    await eventually(() => expect(receiver.requests.length).toBeGreaterThan(1));
    await own.worker.stop();
    const before = receiver.requests.length;

    // What comes meanwhile is durable; nobody sends.
    await own.deps.client.publishMany([lead.personal({ enriched: true }), lead.contact()]);
    receiver.answer({});
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(receiver.requests).toHaveLength(before);

    const other = await own.anotherWorker();
    await settled(other.deps, lead, 3);
    expect(headersOf('x-spark360-event').slice(before)).toEqual([
      'lead.address_preview',
      'lead.enriched',
      'lead.rental_alert',
      'lead.contact_requested',
    ]);
    expect(headersOf('x-spark360-attempt').slice(0, before + 1)).toEqual(
      Array.from({ length: before + 1 }, (_, index) => `${index + 1}`),
    );
    await other.stop();
    await own.stop();
  });

  test('while an attempt is under way: it finishes, counts, and is not sent again', async () => {
    const own = await startService({ attemptTimeoutMs, addressGraceMs: 0 });
    const id = await anOrganization(own.deps);
    await anEndpoint(own.deps, id, receiver.url);
    receiver.answer((_request, index) => (index === 0 ? { delayMs: 1_500 } : {}));
    const lead = aLead(id);
    await own.deps.client.publish(lead.created());
    await eventually(() => expect(receiver.requests).toHaveLength(1));
    const other = await own.anotherWorker();
    await own.worker.stop();
    await other.deps.client.publish(lead.personal({ enriched: true }));
    await settled(other.deps, lead, 2);
    expect(headersOf('x-spark360-sequence')).toEqual(['1', '2', '3']);
    expect(headersOf('x-spark360-attempt')).toEqual(['1', '1', '1']);
    await other.stop();
    await own.stop();
  });

  test('two workers at once: every lead in order, every event once', async () => {
    const other = await service.anotherWorker();
    receiver.answer((_request, index) => ({ delayMs: index % 3 === 0 ? 650 : 0 }));
    const leads = Array.from({ length: 20 }, () => aLead(organization));
    await Promise.all(leads.map((lead) => publish(lead, 'created', 'enriched', 'contact')));
    await Promise.all(leads.map((lead) => settled(service.deps, lead, 3)));
    for (const { leadId } of leads) {
      const own = receiver.requests.filter(
        ({ json }) => (json as { data: { lead_id: string } }).data.lead_id === leadId,
      );
      expect(own.map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['1', '2', '3', '4']);
    }
    await other.stop();
  });
});

test('the query and the words in the UI say which attempt waits for what', async () => {
  receiver.answer({ status: 500, headers: { 'retry-after': '600' } });
  const lead = aLead(organization);
  await publish(lead, 'created');
  const handle = service.deps.temporal.workflow.getHandle(leadSubject(organization, lead.leadId));
  await eventually(async () => {
    const { lanes } = await handle.query(stateQuery);
    expect(lanes).toMatchObject([{ endpointId: endpoint.id, queue: [{ attempt: 2, dueAt: expect.any(Number) }] }]);
    expect(((await only(lead)).next_attempt_at?.getTime() ?? 0) - Date.now()).toBeGreaterThan(590_000);
  });
  const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toContain('lead.address_preview (sequence 1). Attempt 2 of 5 goes out at ');
  expect(await stepsOf(service.deps, leadSubject(organization, lead.leadId))).toHaveLength(1);
});
