import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { aLead, type LeadEvents, person } from '../support/lead-events.ts';
import { eventually, type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { startTestApi, type TestApi } from './api.ts';
import { aPartner, type Partner, publish, untilDeliveries } from './partner.ts';

let api: TestApi;
let receiver: Receiver;
let partner: Partner;
let lead: LeadEvents;
beforeAll(async () => {
  api = await startTestApi({ worker: true, config: { idleAfterMs: 500, addressGraceMs: 60_000 } });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  partner = await aPartner(api, receiver.url);
  lead = aLead(partner.organization);
});
afterEach(() => receiver?.close());

const path = () => `${partner.path}/leads/${lead.leadId}`;
const complete = () => api.call('POST', `${path()}/complete-enrichment`);
const show = async () => (await api.call('GET', path())).body;
const untilStage = (stage: string) => eventually(async () => expect((await show()).stage).toBe(stage));

describe('completing an enrichment', () => {
  test('emits lead.enriched with what is known, then the contact event, and gives the lead', async () => {
    await publish(api, lead.created(), lead.contact());
    await untilStage('waiting_for_enrichment');
    const answer = await complete();
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ lead_id: lead.leadId, organization_id: partner.organization });
    await untilDeliveries(api, partner, Array(3).fill('delivered'));
    expect(receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.contact_requested']);
    const { data } = (receiver.requests[1] as ReceivedRequest).json as { data: object };
    expect(data).toMatchObject({ contact: { email: person.email }, address: { zip: '78701' } });
    for (const absent of ['property', 'roof_estimate', 'spark360_scores']) expect(data).not.toHaveProperty(absent);

    // A write-back afterwards comes too late.
    await publish(api, lead.enrichment());
    await eventually(async () =>
      expect((await show()).steps.map(({ outcome }: { outcome: string }) => outcome)).toContain('superseded'),
    );
    expect(receiver.requests).toHaveLength(3);
  });

  test('is refused with 409 naming what is missing', async () => {
    await publish(api, lead.created());
    await untilStage('waiting_for_details');
    const answer = await complete();
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({
      type: 'urn:spark360:error:enrichment_blocked',
      detail: 'Not known: personalInfo.',
      errors: [{ path: 'personalInfo', message: 'not known' }],
    });
  });

  test('names both when only the write-back is there', async () => {
    await publish(api, lead.enrichment());
    await untilStage('new');
    const { status, body } = await complete();
    expect(status).toBe(409);
    expect(body.errors.map((error: { path: string }) => error.path)).toEqual(['address', 'personalInfo']);
  });

  test('says the same of a lead whose workflow has ended', async () => {
    await publish(api, lead.created());
    await untilStage('complete');
    await eventually(async () => expect((await show()).state).toBeNull());
    const { status, body } = await complete();
    expect(status).toBe(409);
    expect(body).toMatchObject({
      type: 'urn:spark360:error:enrichment_blocked',
      errors: [{ path: 'personalInfo', message: 'not known' }],
    });
  });

  test('waits for no grace', async () => {
    await publish(api, lead.personal({ enriched: true }));
    await untilStage('waiting_for_enrichment');
    expect((await complete()).status).toBe(202);
    await untilDeliveries(api, partner, ['delivered', 'delivered']);
    expect(receiver.eventNames()).toEqual(['lead.enriched', 'lead.rental_alert']);
  });

  test('is a 409 once lead.enriched was emitted, also when the workflow has ended', async () => {
    await publish(api, lead.created(), lead.personal({ enriched: true }));
    await untilStage('enriched');
    const running = await complete();
    expect(running.status).toBe(409);
    expect(running.body.type).toBe('urn:spark360:error:already_enriched');
    await untilStage('complete');
    const ended = await complete();
    expect(ended.status).toBe(409);
    expect(ended.body.type).toBe('urn:spark360:error:already_enriched');
    await untilDeliveries(api, partner, Array(3).fill('delivered'));
  });

  test('is a 404 for a lead nobody has heard of, and takes nothing but the operator', async () => {
    expect((await complete()).status).toBe(404);
  });
});

describe('erasing a lead', () => {
  test('removes its data at once; it reads as erased, and can be neither completed nor sent again', async () => {
    await publish(api, lead.created(), lead.contact());
    await untilStage('waiting_for_enrichment');
    await untilDeliveries(api, partner, ['delivered']);
    expect((await api.call('DELETE', path())).status).toBe(204);
    await eventually(async () => {
      const shown = await show();
      expect(shown.stage).toBe('erased');
      for (const word of Object.values(person)) expect(JSON.stringify(shown)).not.toContain(word);
    });
    const { status, body } = await complete();
    expect(status).toBe(409);
    expect(body.type).toBe('urn:spark360:error:lead_erased');
    expect((await api.call('DELETE', path())).status).toBe(204);
  });
});
