import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { deliveriesOf, settled } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService } from '../support/service.ts';

const attemptTimeoutMs = 2_500;

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver?.close());

const headersOf = (name: string) => receiver.requests.map(({ headers }) => headers[name]);

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

  test('while a task is open whose attempt begins only now: it ends after the answer, and it is not sent again', async () => {
    const own = await startService({ attemptTimeoutMs: 8_000, addressGraceMs: 0 });
    const id = await anOrganization(own.deps);
    await anEndpoint(own.deps, id, receiver.url);
    const lead = aLead(id);
    await own.deps.client.publish(lead.created());
    await settled(own.deps, lead, 1);
    receiver.answer({ delayMs: 3_000 });
    let stopping: Promise<void> = Promise.resolve();
    // The publish waits for the lead's row, while nothing is under way.
    await own.deps.db.tx(async (tx) => {
      await tx.query('select from leads where lead_id = $1 for update', [lead.leadId]);
      await own.deps.client.publish(lead.personal({ enriched: true, ownerOccupied: true }));
      await eventually(async () => {
        const waiting = await own.deps.db.query(
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%claimed as%'`,
        );
        expect(waiting).toHaveLength(1);
      });
      stopping = own.worker.stop();
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    await stopping;
    expect((await deliveriesOf(own.deps, lead)).map(({ status }) => status)).toEqual(['delivered', 'delivered']);
    const other = await own.anotherWorker();
    await other.deps.client.publish(lead.contact());
    await settled(other.deps, lead, 3);
    expect(new Set(headersOf('x-spark360-attempt'))).toEqual(new Set(['1']));
    expect(new Set(headersOf('webhook-id')).size).toBe(receiver.requests.length);
    await other.stop();
    await own.stop();
  });
});
