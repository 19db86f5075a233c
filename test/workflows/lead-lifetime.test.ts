import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { leadSubject, widgetSubject } from '../../src/domain/ids.ts';
import { stateQuery } from '../../workflows/messages.ts';
import { aLead, type InboundEvent, type LeadEvents, person, street } from '../support/lead-events.ts';
import { deliveriesOf, settled, stageOf, stepsOf } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { aWidget } from '../support/widget-events.ts';

const idleAfterMs = 300;

let service: TestService;
let receiver: Receiver;
let organization: string;
beforeAll(async () => {
  service = await startService({ idleAfterMs, addressGraceMs: 0 });
});
afterAll(() => service?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  organization = await anOrganization(service.deps);
  await anEndpoint(service.deps, organization, receiver.url);
});
afterEach(() => receiver?.close());

const subjectOf = ({ organizationId, leadId }: LeadEvents) => leadSubject(organizationId, leadId);
const handleOf = (lead: LeadEvents) => service.deps.temporal.workflow.getHandle(subjectOf(lead));
const closed = (subject: string) =>
  eventually(async () => {
    const description = await service.deps.temporal.workflow.getHandle(subject).describe();
    expect(description.status.name).toBe('COMPLETED');
    return description;
  });
const seen = () =>
  receiver.requests.map(({ headers }) => `${headers['x-spark360-sequence']} ${headers['x-spark360-event']}`);
const bodyAt = (index: number) =>
  (receiver.requests[index] as ReceivedRequest).json as { data: Record<string, unknown> };

const found = async (query: string) => {
  const ids: string[] = [];
  for await (const { workflowId } of service.deps.temporal.workflow.list({ query })) ids.push(workflowId);
  return ids;
};

const withZip = (event: InboundEvent, zip: string): InboundEvent => {
  const { object } = event.data;
  return { ...event, data: { object: { ...object, addressInfo: { ...(object.addressInfo as object), zip } } } };
};

describe('an idle lead', () => {
  test('completes, and leaves its merged state encrypted in Postgres', async () => {
    const lead = aLead(organization);
    await service.deps.client.publishMany([lead.created(), lead.personal({ enriched: true })]);
    await closed(subjectOf(lead));
    expect(await stageOf(service.deps, lead)).toBe('complete');
    const [row] = await service.deps.db.query<{ state: Buffer }>('select state from leads where subject = $1', [
      subjectOf(lead),
    ]);
    const state = row?.state as Buffer;
    for (const word of [...Object.values(person), street, '78701']) {
      expect(state.includes(word)).toBe(false);
      expect(state.includes(Buffer.from(word).toString('base64').replaceAll('=', ''))).toBe(false);
    }
    const opened = Buffer.from(service.deps.keyRing.open(state, subjectOf(lead))).toString('utf8');
    expect(opened).toContain(person.email);
  });

  test('does not complete while it waits for a write-back', async () => {
    const lead = aLead(organization);
    await service.deps.client.publishMany([lead.created(), lead.personal()]);
    await settled(service.deps, lead, 2);
    const other = aLead(organization);
    await service.deps.client.publish(other.created());
    await closed(subjectOf(other));
    expect((await handleOf(lead).describe()).status.name).toBe('RUNNING');
  });

  test('knows all it knew when a step comes after its completion', async () => {
    const lead = aLead(organization);
    const [created, personal, contact, again] = [
      withZip(lead.created(), '10001'),
      withZip(lead.personal({ enriched: true }), '10002'),
      withZip(lead.contact(), '10003'),
      lead.enrichment(),
    ];
    await service.deps.client.publishMany([created, personal]);
    const first = await closed(subjectOf(lead));
    expect(seen()).toEqual(['1 lead.address_preview', '2 lead.enriched', '3 lead.rental_alert']);
    // Said before the first event, so that its address loses; it names neither roof nor scores, which stay.
    const { roofProjectDetails: _details, ...object } = contact.data.object;
    await service.deps.client.publish({ ...contact, data: { object }, timestamp: new Date(0).toISOString() });
    await settled(service.deps, lead, 3);
    expect(seen().slice(3)).toEqual(['4 lead.contact_requested']);
    expect(bodyAt(3).data).toMatchObject({
      contact: { email: person.email },
      address: { zip: '10002' },
      contact_preference: { method: 'phone' },
    });
    // A third run: copies and a second write-back bring nothing, and are recorded as what they are.
    await closed(subjectOf(lead));
    await service.deps.client.publishMany([created, again, contact]);
    await settled(service.deps, lead, 4);
    await closed(subjectOf(lead));
    expect(receiver.requests).toHaveLength(4);
    expect((await stepsOf(service.deps, subjectOf(lead))).map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'address applied',
      'enrichment applied',
      'contact applied',
      'enrichment superseded',
    ]);
    expect((await handleOf(lead).describe()).runId).not.toBe(first.runId);
  });

  test('a widget that is idle ends too, and its status is still known afterwards', async () => {
    const short = await startService({ idleAfterMs });
    const id = await anOrganization(short.deps);
    await anEndpoint(short.deps, id, receiver.url);
    const widget = aWidget(id);
    await short.deps.client.publish(widget.created('active'));
    await closed(widgetSubject(widget.widgetId));
    await short.deps.client.publish(widget.updated('inactive'));
    await eventually(() => expect(seen()).toEqual(['1 widget.status_changed']));
    expect(bodyAt(0).data).toMatchObject({ previous_status: 'active', widget_status: 'inactive' });
    await closed(widgetSubject(widget.widgetId));
    await short.stop();
  });

  test('a widget whose time is up while a delivery is retried goes on, and ends when that is settled', async () => {
    const short = await startService({ idleAfterMs, retryScheduleMs: [1_500] });
    const id = await anOrganization(short.deps);
    await anEndpoint(short.deps, id, receiver.url);
    receiver.answer((_request, index) => ({ status: index === 0 ? 500 : 200 }));
    const widget = aWidget(id);
    // The first one sets the alarm, the second one's delivery is unsettled when it rings.
    await short.deps.client.publishMany([widget.created('active'), widget.updated('inactive')]);
    await closed(widgetSubject(widget.widgetId));
    expect(seen()).toEqual(['1 widget.status_changed', '1 widget.status_changed']);
    await short.stop();
  });
});

describe('what an operator sees', () => {
  test('leads are found by organization, status, stage and abandoned deliveries', async () => {
    receiver.answer({ status: 400 });
    const [waiting, abandoned] = [aLead(organization), aLead(await anOrganization(service.deps))];
    await service.deps.client.publishMany([waiting.created(), waiting.contact(), abandoned.created()]);
    await settled(service.deps, waiting, 2);
    const of = (conditions: string) => found(`OrganizationId = '${organization}' AND ${conditions}`);
    await eventually(async () => {
      expect(await of(`LeadStage = 'waiting_for_enrichment' AND LeadStatus = 'contact_info_provided'`)).toEqual([
        subjectOf(waiting),
      ]);
      expect(await of('HasAbandonedDeliveries = true')).toEqual([subjectOf(waiting)]);
      expect(await of('HasAbandonedDeliveries = false')).toEqual([]);
    });
    await closed(subjectOf(abandoned));
    await eventually(async () =>
      expect(
        await found(
          `OrganizationId = '${abandoned.organizationId}' AND LeadStage = 'complete' AND HasAbandonedDeliveries = false`,
        ),
      ).toEqual([subjectOf(abandoned)]),
    );
  });

  test('the current details say in words where a lead stands, and nothing of the person', async () => {
    const lead = aLead(organization);
    await service.deps.client.publishMany([lead.created(), lead.contact()]);
    await settled(service.deps, lead, 2);
    const details = await eventually(async () => {
      const { currentDetails } = await handleOf(lead).query<{ currentDetails?: string }>(
        '__temporal_workflow_metadata',
      );
      expect(currentDetails).toContain('waiting for enrichment');
      return currentDetails as string;
    });
    expect(details).toContain('Waits for the enrichment write-back. Contact was asked for');
    expect(details).toContain('lead.address_preview');
    for (const word of [...Object.values(person), street]) expect(details).not.toContain(word);
  });

  test('the query gives the whole state', async () => {
    const lead = aLead(organization);
    await service.deps.client.publishMany([lead.created(), lead.contact()]);
    await settled(service.deps, lead, 2);
    const state = await handleOf(lead).query(stateQuery);
    expect(state).toMatchObject({
      stage: 'waiting_for_enrichment',
      leadStatus: 'contact_info_provided',
      lanes: [],
      unreadSteps: 0,
      lead: {
        mode: 'prod',
        seen: { address: true, personal: true, contact: true },
        emitted: { 'lead.address_preview': expect.any(String) },
        facts: { contact: { email: person.email } },
      },
    });
    expect(await service.deps.client.leadState(organization, lead.leadId)).toEqual(state.lead);
  });
});

describe('a step that comes while its lead completes', () => {
  const atOnce = 8;
  const leads: LeadEvents[] = [];

  /** A lead's next steps, this long after the lead fell silent: whether they began another run. */
  async function begins(delayMs: number): Promise<boolean> {
    const lead = aLead(organization, { ownerOccupied: true });
    leads.push(lead);
    await service.deps.client.publish(lead.created());
    await settled(service.deps, lead, 1);
    const { runId } = await handleOf(lead).describe();
    await sleep(delayMs);
    await service.deps.client.publishMany([lead.personal({ enriched: true }), lead.contact()]);
    await settled(service.deps, lead, 3);
    return (await handleOf(lead).describe()).runId !== runId;
  }

  /** Some leads side by side, around the moment at which others completed; gives how many began another run. */
  async function round(aroundMs: number): Promise<number> {
    const delays = Array.from({ length: atOnce }, (_, index) => aroundMs + (index - atOnce / 2) * 40);
    return (await Promise.all(delays.map(begins))).filter((isNext) => isNext).length;
  }

  test('is applied, and everything is sent once', async () => {
    // The idle time, then the second in which it leaves; from there each round comes closer.
    let [aroundMs, next] = [idleAfterMs + 1_100, 0];
    while (leads.length < 3 * atOnce || next < 3 || leads.length - next < 3) {
      const begun = await round(aroundMs);
      next += begun;
      if (begun === 0) aroundMs += 300;
      if (begun === atOnce) aroundMs = Math.max(aroundMs - 300, 200);
    }
    await Promise.all(leads.map((lead) => closed(subjectOf(lead))));
    expect(new Set(receiver.requests.map(({ attemptId }) => attemptId)).size).toBe(receiver.requests.length);
    for (const lead of leads) {
      const deliveries = await deliveriesOf(service.deps, lead);
      expect(deliveries.map(({ event, status, attempt }) => `${event} ${status} ${attempt}`)).toEqual([
        'lead.address_preview delivered 1',
        'lead.enriched delivered 1',
        'lead.contact_requested delivered 1',
      ]);
      const sent = receiver.requests.filter(({ leadId }) => leadId === lead.leadId);
      expect(sent.map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['1', '2', '3']);
    }
  });
});
