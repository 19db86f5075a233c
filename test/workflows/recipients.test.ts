import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { deliveriesOf, settled, stageOf } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { partnerOfFile } from './partner-of-file.ts';

const at = partnerOfFile({ addressGraceMs: 1_500 });
const { publish, outcomes, describeLead, dataOf } = at;

describe('modes', () => {
  test('a sandbox lead reaches only sandbox endpoints, a prod lead only prod ones', async () => {
    const sandbox = await startReceiver();
    await anEndpoint(at.service.deps, at.organization, sandbox.url, { mode: 'sandbox' });
    const [test, real] = [aLead(at.organization, { mode: 'sandbox' }), aLead(at.organization)];
    await publish(test.created(), real.created(), test.personal({ enriched: true }));
    await Promise.all([settled(at.service.deps, test, 2), settled(at.service.deps, real, 1)]);
    const leadsAt = ({ requests }: Receiver) =>
      requests.map(({ json }) => (json as { data: { lead_id: string } }).data.lead_id);
    expect(leadsAt(sandbox)).toEqual([test.leadId, test.leadId, test.leadId]);
    expect(leadsAt(at.receiver)).toEqual([real.leadId]);
    await sandbox.close();
  });

  test('an event of the other mode is recorded and ignored', async () => {
    const lead = aLead(at.organization);
    const created = lead.created();
    const stray = { ...lead.contact(), mode: 'sandbox' };
    await publish(created, stray, lead.personal({ enriched: true }));
    await settled(at.service.deps, lead, 3);
    expect(await outcomes(lead)).toEqual(['address applied', 'contact ignored', 'enrichment applied']);
    expect(at.receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.rental_alert']);
    expect((await describeLead(lead)).lead).toMatchObject({
      mode: 'prod',
      seen: expect.not.objectContaining({ contact: true }),
    });
  });
});

describe('who is subscribed', () => {
  test('an endpoint added in the middle of a lead gets later events only, numbered from 1', async () => {
    const lead = aLead(at.organization);
    await publish(lead.created());
    await settled(at.service.deps, lead, 1);
    const late = await startReceiver();
    await anEndpoint(at.service.deps, at.organization, late.url);
    await publish(lead.personal({ enriched: true }), lead.contact());
    await settled(at.service.deps, lead, 3);
    const seen = ({ requests }: Receiver) =>
      requests.map(({ headers }) => `${headers['x-spark360-sequence']} ${headers['x-spark360-event']}`);
    expect(seen(late)).toEqual(['1 lead.enriched', '2 lead.rental_alert', '3 lead.contact_requested']);
    expect(seen(at.receiver)).toEqual([
      '1 lead.address_preview',
      '2 lead.enriched',
      '3 lead.rental_alert',
      '4 lead.contact_requested',
    ]);
    await late.close();
  });

  test('an organization without endpoints: the steps are applied, the events emitted, nothing is sent', async () => {
    const lead = aLead(await anOrganization(at.service.deps));
    await publish(lead.created(), lead.personal({ enriched: true }), lead.contact());
    await settled(at.service.deps, lead, 3);
    expect(await deliveriesOf(at.service.deps, lead)).toEqual([]);
    expect(await stageOf(at.service.deps, lead)).toBe('contact_requested');
  });

  test('an organization never heard of exists from its first event on, as starter', async () => {
    const lead = aLead(randomUUID(), { source: { sourceTracking: { source: '03', version: '02' } } });
    await publish(lead.created());
    await settled(at.service.deps, lead, 1);
    expect(
      await at.service.deps.db.query('select tier, notify from organizations where id = $1', [lead.organizationId]),
    ).toEqual([{ tier: 'starter', notify: [] }]);
    await anEndpoint(at.service.deps, lead.organizationId, at.receiver.url);
    await publish(lead.personal({ enriched: true }));
    await settled(at.service.deps, lead, 2);
    expect(dataOf(0)).toMatchObject({
      source_tracking: { widget_version: '01', source_code: '03', source_label: '03' },
    });
  });
});
