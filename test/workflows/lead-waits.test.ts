import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from '@jest/globals';
import { leadSubject } from '../../src/domain/ids.ts';
import { stateQuery } from '../../workflows/messages.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { deliveriesOf, settled, stageOf, stepsOf } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';

const addressGraceMs = 1_500;

let service: TestService;
let receiver: Receiver;
let organization: string;
beforeAll(async () => {
  service = await startService({ addressGraceMs });
});
afterAll(() => service?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  organization = await anOrganization(service.deps);
  await anEndpoint(service.deps, organization, receiver.url);
});
afterEach(() => receiver?.close());

const publish = (...events: unknown[]) => service.deps.client.publishMany(events);
const outcomes = async ({ organizationId, leadId }: LeadEvents) =>
  (await stepsOf(service.deps, leadSubject(organizationId, leadId))).map(({ name, outcome }) => `${name} ${outcome}`);
const describeLead = ({ organizationId, leadId }: LeadEvents) =>
  service.deps.temporal.workflow.getHandle(leadSubject(organizationId, leadId)).query(stateQuery);
const dataOf = (index: number) =>
  (receiver.requests[index] as ReceivedRequest).json as { data: Record<string, unknown> };

describe('ADDRESS_GRACE', () => {
  test('lead.enriched waits for the address step, and then goes without a preview', async () => {
    const lead = aLead(organization);
    const startedAt = Date.now();
    await publish(lead.personal({ enriched: true }));
    await eventually(async () => expect(await outcomes(lead)).toEqual(['enrichment applied']));
    expect(receiver.requests).toHaveLength(0);
    expect((await describeLead(lead)).lead.graceEndsAt).toBeGreaterThan(startedAt);
    await eventually(() => expect(receiver.eventNames()).toEqual(['lead.enriched', 'lead.rental_alert']));
    expect((receiver.requests[0]?.at ?? 0) - startedAt).toBeGreaterThanOrEqual(addressGraceMs);
  });

  test('an address step within it brings the preview first, at once', async () => {
    const lead = aLead(organization);
    const created = lead.created();
    await publish(lead.personal({ enriched: true }));
    const startedAt = Date.now();
    await publish(created);
    await eventually(() =>
      expect(receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.rental_alert']),
    );
    expect((receiver.requests[2]?.at ?? 0) - startedAt).toBeLessThan(addressGraceMs);
  });

  test('an address step after lead.enriched is recorded as superseded and not sent', async () => {
    const lead = aLead(organization);
    const created = lead.created();
    await publish(lead.personal({ enriched: true }));
    await eventually(() => expect(receiver.requests).toHaveLength(2));
    await publish(created, lead.contact());
    await settled(service.deps, lead, 3);
    expect(await outcomes(lead)).toEqual(['enrichment applied', 'address superseded', 'contact applied']);
    expect(receiver.eventNames()).toEqual(['lead.enriched', 'lead.rental_alert', 'lead.contact_requested']);
  });

  test('it runs once: a step meanwhile does not start it again', async () => {
    const lead = aLead(organization);
    const startedAt = Date.now();
    await publish(lead.personal({ enriched: true }));
    const graceEndsAt = await eventually(async () => {
      const { graceEndsAt } = (await describeLead(lead)).lead;
      if (graceEndsAt === null) throw new Error('not begun');
      return graceEndsAt;
    });
    await publish(lead.contact());
    await eventually(async () => expect(await outcomes(lead)).toHaveLength(2));
    expect((await describeLead(lead)).lead.graceEndsAt).toBe(graceEndsAt);
    await eventually(() =>
      expect(receiver.eventNames()).toEqual(['lead.enriched', 'lead.rental_alert', 'lead.contact_requested']),
    );
    expect((receiver.requests[0]?.at ?? 0) - startedAt).toBeGreaterThanOrEqual(addressGraceMs);
  });
});

describe('contact asked for, enrichment not there', () => {
  test('it waits, shows so, and goes out after the write-back', async () => {
    const lead = aLead(organization, { ownerOccupied: true });
    await publish(lead.created(), lead.contact());
    await settled(service.deps, lead, 2);
    expect(receiver.eventNames()).toEqual(['lead.address_preview']);
    expect(await describeLead(lead)).toMatchObject({
      stage: 'waiting_for_enrichment',
      leadStatus: 'contact_info_provided',
      lead: { seen: { contact: true, personal: true }, enrichmentDueAt: expect.any(Number) },
    });
    expect(await stageOf(service.deps, lead)).toBe('waiting_for_enrichment');

    await publish(lead.enrichment());
    await settled(service.deps, lead, 3);
    expect(receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.contact_requested']);
    expect(dataOf(1).data).toMatchObject({ lead_status: 'personal_info_and_estimate_provided' });
    expect(dataOf(2).data).toMatchObject({ lead_status: 'contact_info_provided' });
    expect(await stageOf(service.deps, lead)).toBe('contact_requested');
  });

  test('a write-back that comes first waits for the person', async () => {
    const lead = aLead(organization);
    await publish(lead.created(), lead.enrichment());
    await settled(service.deps, lead, 2);
    expect(receiver.eventNames()).toEqual(['lead.address_preview']);
    expect((await describeLead(lead)).stage).toBe('waiting_for_details');
    await publish(lead.personal());
    await settled(service.deps, lead, 3);
    expect(receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.rental_alert']);
  });
});

describe('steps that come twice, late or not at all', () => {
  test('the same id three times is one step; a status that comes again emits nothing again', async () => {
    const lead = aLead(organization);
    const [created, personal, contact] = [lead.created(), lead.personal({ enriched: true }), lead.contact()];
    await publish(created, created, created, personal, personal, contact, contact);
    await settled(service.deps, lead, 3);
    await publish(lead.created(), lead.personal({ enriched: true }), lead.enrichment(), lead.contact());
    await settled(service.deps, lead, 7);
    expect(receiver.eventNames()).toEqual([
      'lead.address_preview',
      'lead.enriched',
      'lead.rental_alert',
      'lead.contact_requested',
    ]);
    expect(await outcomes(lead)).toEqual([
      'address applied',
      'enrichment applied',
      'contact applied',
      'address superseded',
      'enrichment superseded',
      'enrichment superseded',
      'contact applied',
    ]);
  });

  test('the same id with other content is never applied, and recorded as a conflict', async () => {
    const lead = aLead(organization);
    const created = lead.created();
    const forged = { ...lead.contact(), id: created.id };
    await publish(created, forged, created);
    await publish(forged);
    await eventually(async () => {
      const conflicts = await service.deps.db.query('select id, subject from inbound_conflicts where id = $1', [
        created.id,
      ]);
      expect(conflicts).toEqual([{ id: created.id, subject: leadSubject(organization, lead.leadId) }]);
      expect((await describeLead(lead)).unreadSteps).toBe(0);
    });
    expect(await outcomes(lead)).toEqual(['address applied']);
    expect((await describeLead(lead)).lead.seen).toEqual({ address: true });
    expect(receiver.eventNames()).toEqual(['lead.address_preview']);
  });

  test("another lead's id is a conflict too", async () => {
    const [lead, other] = [aLead(organization), aLead(organization)];
    const created = lead.created();
    await publish(created);
    await settled(service.deps, lead, 1);
    await publish({ ...other.created(), id: created.id });
    await eventually(async () =>
      expect(await service.deps.db.query('select subject from inbound_conflicts where id = $1', [created.id])).toEqual([
        { subject: leadSubject(organization, other.leadId) },
      ]),
    );
    expect(receiver.requests).toHaveLength(1);
  });

  test('a repeat of an old event does not undo a newer one of the same moment', async () => {
    const lead = aLead(organization);
    const first = lead.created();
    const object = {
      ...first.data.object,
      addressInfo: { ...(first.data.object.addressInfo as object), zip: '78702' },
    };
    const second = { ...first, id: randomUUID(), event: 'lead.updated', data: { object } };
    await publish(first, second);
    await settled(service.deps, lead, 2);
    await publish(first);
    // Said before both, so that its own address does not count.
    await publish({ ...lead.personal({ enriched: true }), timestamp: new Date(0).toISOString() });
    await settled(service.deps, lead, 3);
    expect(dataOf(1).data).toMatchObject({ address: { zip: '78702' } });
  });

  test('a lead that skips steps emits what it has', async () => {
    const lead = aLead(organization, { ownerOccupied: true });
    await publish(lead.created(), lead.personal({ enriched: true }));
    await settled(service.deps, lead, 2);
    expect(receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched']);
    const silent = aLead(organization);
    await publish(silent.details());
    await settled(service.deps, silent, 1);
    expect(receiver.requests).toHaveLength(2);
    expect((await describeLead(silent)).stage).toBe('waiting_for_details');
  });
});

describe('modes', () => {
  test('a sandbox lead reaches only sandbox endpoints, a prod lead only prod ones', async () => {
    const sandbox = await startReceiver();
    await anEndpoint(service.deps, organization, sandbox.url, { mode: 'sandbox' });
    const [test, real] = [aLead(organization, { mode: 'sandbox' }), aLead(organization)];
    await publish(test.created(), real.created(), test.personal({ enriched: true }));
    await Promise.all([settled(service.deps, test, 2), settled(service.deps, real, 1)]);
    const leadsAt = ({ requests }: Receiver) =>
      requests.map(({ json }) => (json as { data: { lead_id: string } }).data.lead_id);
    expect(leadsAt(sandbox)).toEqual([test.leadId, test.leadId, test.leadId]);
    expect(leadsAt(receiver)).toEqual([real.leadId]);
    await sandbox.close();
  });

  test('an event of the other mode is recorded and ignored', async () => {
    const lead = aLead(organization);
    const created = lead.created();
    const stray = { ...lead.contact(), mode: 'sandbox' };
    await publish(created, stray, lead.personal({ enriched: true }));
    await settled(service.deps, lead, 3);
    expect(await outcomes(lead)).toEqual(['address applied', 'contact ignored', 'enrichment applied']);
    expect(receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.rental_alert']);
    expect((await describeLead(lead)).lead).toMatchObject({
      mode: 'prod',
      seen: expect.not.objectContaining({ contact: true }),
    });
  });
});

describe('who is subscribed', () => {
  test('an endpoint added in the middle of a lead gets later events only, numbered from 1', async () => {
    const lead = aLead(organization);
    await publish(lead.created());
    await settled(service.deps, lead, 1);
    const late = await startReceiver();
    await anEndpoint(service.deps, organization, late.url);
    await publish(lead.personal({ enriched: true }), lead.contact());
    await settled(service.deps, lead, 3);
    const seen = ({ requests }: Receiver) =>
      requests.map(({ headers }) => `${headers['x-spark360-sequence']} ${headers['x-spark360-event']}`);
    expect(seen(late)).toEqual(['1 lead.enriched', '2 lead.rental_alert', '3 lead.contact_requested']);
    expect(seen(receiver)).toEqual([
      '1 lead.address_preview',
      '2 lead.enriched',
      '3 lead.rental_alert',
      '4 lead.contact_requested',
    ]);
    await late.close();
  });

  test('an organization without endpoints: the steps are applied, the events emitted, nothing is sent', async () => {
    const lead = aLead(await anOrganization(service.deps));
    await publish(lead.created(), lead.personal({ enriched: true }), lead.contact());
    await settled(service.deps, lead, 3);
    expect(await deliveriesOf(service.deps, lead)).toEqual([]);
    expect(await stageOf(service.deps, lead)).toBe('contact_requested');
  });

  test('an organization never heard of exists from its first event on, as starter', async () => {
    const lead = aLead(randomUUID(), { source: { sourceTracking: { source: '03', version: '02' } } });
    await publish(lead.created());
    await settled(service.deps, lead, 1);
    expect(
      await service.deps.db.query('select tier, notify from organizations where id = $1', [lead.organizationId]),
    ).toEqual([{ tier: 'starter', notify: [] }]);
    await anEndpoint(service.deps, lead.organizationId, receiver.url);
    await publish(lead.personal({ enriched: true }));
    await settled(service.deps, lead, 2);
    expect(dataOf(0).data).toMatchObject({
      source_tracking: { widget_version: '01', source_code: '03', source_label: '03' },
    });
  });
});
