import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { leadSubject } from '../../src/domain/ids.ts';
import { aLead } from '../support/lead-events.ts';
import { settled, stageOf } from '../support/ledger.ts';
import { eventually } from '../support/receiver.ts';
import { partnerOfFile } from './partner-of-file.ts';

const addressGraceMs = 1_500;

const at = partnerOfFile({ addressGraceMs });
const { publish, outcomes, describeLead, dataOf } = at;

describe('ADDRESS_GRACE', () => {
  afterEach(() => void jest.restoreAllMocks());

  /** For what has to happen before it is over. */
  const lasts = (ms: number) => jest.replaceProperty(at.service.deps.activityDeps.settings, 'addressGraceMs', ms);

  test('lead.enriched waits for the address step, and then goes without a preview', async () => {
    const lead = aLead(at.organization);
    const startedAt = Date.now();
    await publish(lead.personal({ enriched: true }));
    await eventually(() => expect(at.receiver.eventNames()).toEqual(['lead.enriched', 'lead.rental_alert']));
    expect((at.receiver.requests[0]?.at ?? 0) - startedAt).toBeGreaterThanOrEqual(addressGraceMs);
  });

  test('an address step within it brings the preview first, at once', async () => {
    const lead = aLead(at.organization);
    const created = lead.created();
    lasts(3_600_000);
    const startedAt = Date.now();
    await publish(lead.personal({ enriched: true }));
    await eventually(async () => expect(await outcomes(lead)).toEqual(['enrichment applied']));
    expect(at.receiver.requests).toHaveLength(0);
    expect((await describeLead(lead)).lead.graceEndsAt).toBeGreaterThan(startedAt);
    await publish(created);
    await eventually(() =>
      expect(at.receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.rental_alert']),
    );
  });

  test('an address step after lead.enriched is recorded as superseded and not sent', async () => {
    const lead = aLead(at.organization);
    const created = lead.created();
    await publish(lead.personal({ enriched: true }));
    await eventually(() => expect(at.receiver.requests).toHaveLength(2));
    await publish(created, lead.contact());
    await settled(at.service.deps, lead, 3);
    expect(await outcomes(lead)).toEqual(['enrichment applied', 'address superseded', 'contact applied']);
    expect(at.receiver.eventNames()).toEqual(['lead.enriched', 'lead.rental_alert', 'lead.contact_requested']);
  });

  test('it runs once: a step meanwhile does not start it again', async () => {
    const lead = aLead(at.organization);
    lasts(4_000);
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
      expect(at.receiver.eventNames()).toEqual(['lead.enriched', 'lead.rental_alert', 'lead.contact_requested']),
    );
    expect(at.receiver.requests[0]?.at).toBeGreaterThanOrEqual(graceEndsAt);
  });
});

describe('contact asked for, enrichment not there', () => {
  test('it waits, shows so, and goes out after the write-back', async () => {
    const lead = aLead(at.organization, { ownerOccupied: true });
    await publish(lead.created(), lead.contact());
    await settled(at.service.deps, lead, 2);
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview']);
    expect(await describeLead(lead)).toMatchObject({
      stage: 'waiting_for_enrichment',
      leadStatus: 'contact_info_provided',
      lead: { seen: { contact: true, personal: true }, enrichmentDueAt: expect.any(Number) },
    });
    expect(await stageOf(at.service.deps, lead)).toBe('waiting_for_enrichment');

    await publish(lead.enrichment());
    await settled(at.service.deps, lead, 3);
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.contact_requested']);
    expect(dataOf(1)).toMatchObject({ lead_status: 'personal_info_and_estimate_provided' });
    expect(dataOf(2)).toMatchObject({ lead_status: 'contact_info_provided' });
    expect(await stageOf(at.service.deps, lead)).toBe('contact_requested');
  });

  test('a write-back that comes first waits for the person', async () => {
    const lead = aLead(at.organization);
    await publish(lead.created(), lead.enrichment());
    await settled(at.service.deps, lead, 2);
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview']);
    expect((await describeLead(lead)).stage).toBe('waiting_for_details');
    await publish(lead.personal());
    await settled(at.service.deps, lead, 3);
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.rental_alert']);
  });
});

describe('steps that come twice, late or not at all', () => {
  test('the same id three times is one step; a status that comes again emits nothing again', async () => {
    const lead = aLead(at.organization);
    const [created, personal, contact] = [lead.created(), lead.personal({ enriched: true }), lead.contact()];
    await publish(created, created, created, personal, personal, contact, contact);
    await settled(at.service.deps, lead, 3);
    await publish(lead.created(), lead.personal({ enriched: true }), lead.enrichment(), lead.contact());
    await settled(at.service.deps, lead, 7);
    expect(at.receiver.eventNames()).toEqual([
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
    const lead = aLead(at.organization);
    const created = lead.created();
    const forged = { ...lead.contact(), id: created.id };
    await publish(created, forged, created);
    await publish(forged);
    await eventually(async () => {
      const conflicts = await at.service.deps.db.query('select id, subject from inbound_conflicts where id = $1', [
        created.id,
      ]);
      expect(conflicts).toEqual([{ id: created.id, subject: leadSubject(at.organization, lead.leadId) }]);
      expect((await describeLead(lead)).unreadSteps).toBe(0);
    });
    expect(await outcomes(lead)).toEqual(['address applied']);
    expect((await describeLead(lead)).lead.seen).toEqual({ address: true });
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview']);
  });

  test("another lead's id is a conflict too", async () => {
    const [lead, other] = [aLead(at.organization), aLead(at.organization)];
    const created = lead.created();
    await publish(created);
    await settled(at.service.deps, lead, 1);
    await publish({ ...other.created(), id: created.id });
    await eventually(async () =>
      expect(
        await at.service.deps.db.query('select subject from inbound_conflicts where id = $1', [created.id]),
      ).toEqual([{ subject: leadSubject(at.organization, other.leadId) }]),
    );
    expect(at.receiver.requests).toHaveLength(1);
  });

  test('a repeat of an old event does not undo a newer one of the same moment', async () => {
    const lead = aLead(at.organization);
    const first = lead.created();
    const object = {
      ...first.data.object,
      addressInfo: { ...(first.data.object.addressInfo as object), zip: '78702' },
    };
    const second = { ...first, id: randomUUID(), event: 'lead.updated', data: { object } };
    await publish(first, second);
    await settled(at.service.deps, lead, 2);
    await publish(first);
    // Said before both, so that its own address does not count.
    await publish({ ...lead.personal({ enriched: true }), timestamp: new Date(0).toISOString() });
    await settled(at.service.deps, lead, 3);
    expect(dataOf(1)).toMatchObject({ address: { zip: '78702' } });
  });

  test('a lead that skips steps emits what it has', async () => {
    const lead = aLead(at.organization, { ownerOccupied: true });
    await publish(lead.created(), lead.personal({ enriched: true }));
    await settled(at.service.deps, lead, 2);
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched']);
    const silent = aLead(at.organization);
    await publish(silent.details());
    await settled(at.service.deps, silent, 1);
    expect(at.receiver.requests).toHaveLength(2);
    expect((await describeLead(silent)).stage).toBe('waiting_for_details');
  });
});
