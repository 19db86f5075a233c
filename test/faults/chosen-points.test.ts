import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { eventually } from '../support/eventually.ts';
import type { ReceivedRequest } from '../support/receiver.ts';
import {
  holdEndpoint,
  killWorkersOf,
  patienceMs,
  stepsOf,
  testMs,
  whenItRuns,
  whenOneWaits,
  whenThereIs,
} from './moments.ts';
import type { Organization } from './rig.ts';
import { rigOfFile } from './rig-of-file.ts';

const rig = rigOfFile(() => ({ workers: 1 }));

const killWorkers = (downMs = 0): Promise<unknown> => killWorkersOf(rig().cluster, downMs);

test(
  'killed after one POST, before its attempt is recorded, and while another that was handed over waits for its answer',
  async () => {
    const answering = await rig().organization();
    const thinking = await rig().organization(({ number }) => (number === 1 ? { delayMs: 4_500 } : undefined));
    const { repeats } = rig().oracle.verdict;
    let restarted: Promise<unknown> = Promise.resolve();
    answering.partner.answer(({ number }) => {
      if (number === 1) restarted = killWorkers();
      return undefined;
    });
    const handedOver = thinking.deliver(1);
    await eventually(() => expect(thinking.partner.requests.length).toBe(1));
    await sleep(1_000);
    await Promise.all([answering.deliver(1), handedOver]);
    await restarted;
    // Both had been taken when they were sent again, or had not: under the same event_id, and nothing overtook them.
    expect(rig().oracle.verdict.repeats - repeats).toBe(2);
  },
  testMs,
);

test(
  'killed right after an event is published, before or while its first attempt is made',
  async () => {
    const organization = await rig().organization();
    const sent = organization.send(1);
    await whenThereIs(rig().cluster, 'select 1 from deliveries where organization_id = $1', [organization.id]);
    await killWorkers();
    await organization.arrived(await sent);
  },
  testMs,
);

test(
  'killed after lead.enriched was published, and the address step comes before the next worker: no preview behind it',
  async () => {
    const organization = await rig().organization();
    const lead = aLead(organization.id);
    let restarted: Promise<unknown> = Promise.resolve();
    let posted: Promise<unknown> = Promise.resolve();
    organization.partner.answer(({ number, event }: ReceivedRequest) => {
      if (number > 1) return undefined;
      expect(event).toBe('lead.enriched');
      restarted = killWorkers(2_000);
      posted = rig().backend.post([lead.created(), lead.contact()]);
      return undefined;
    });
    await rig().backend.post(lead.personal({ enriched: true }));
    await eventually(
      () =>
        expect(rig().oracle.taken(organization.partner.url, lead.leadId)).toEqual([
          'lead.enriched',
          'lead.rental_alert',
          'lead.contact_requested',
        ]),
      patienceMs,
    );
    await restarted;
    expect(await posted).toMatchObject({ status: 202 });
    expect(await stepsOf(rig().cluster, organization.id, lead.leadId)).toEqual([
      { name: 'address', outcome: 'superseded' },
      { name: 'contact', outcome: 'applied' },
      { name: 'enrichment', outcome: 'applied' },
    ]);
  },
  testMs,
);

test(
  'killed after a 410 was recorded, before its consequences: the endpoint is paused and the mail is ordered all the same',
  async () => {
    const organization = await rig().organization(() => ({ status: 410 }));
    const { endpointId } = organization.partner;
    const release = await holdEndpoint(rig().cluster, endpointId);
    await organization.send(1, 'http', { steps: (lead) => [lead.created()] });
    await whenOneWaits(rig().cluster);
    await killWorkers();
    await release();
    await eventually(async () => {
      const [endpoint] = await rig().cluster.db.query('select status, paused_reason from endpoints where id = $1', [
        endpointId,
      ]);
      expect(endpoint).toEqual({ status: 'paused', paused_reason: 'gone' });
    }, patienceMs);
    await eventually(async () => {
      expect(await rig().workflowIds(`notice/${endpointId}/`)).toEqual([`notice/${endpointId}/1/paused`]);
    }, patienceMs);
  },
  testMs,
);

test(
  'killed while it sends to a slow endpoint from its queue: what had no answer is sent again within seconds, and nothing stays queued',
  async () => {
    const organization = await rig().organization(() => ({ delayMs: 1_500 }));
    const { endpointId } = organization.partner;
    const steps = (lead: LeadEvents) => [lead.created()];
    await organization.send(1, 'http', { steps }); // known to be slow
    await eventually(() => expect(organization.partner.requests.length).toBe(1));
    const { repeats } = rig().oracle.verdict;
    const leads = await organization.send(40, 'http', { steps });
    const queued = 'select 1 from endpoint_queue where endpoint_id = $1 having count(*) between 5 and 20';
    await whenThereIs(rig().cluster, queued, [endpointId]);
    await killWorkers(2_000);
    await eventually(async () => {
      for (const { leadId } of leads)
        expect(rig().oracle.taken(organization.partner.url, leadId)).toEqual(['lead.address_preview']);
    }, patienceMs);
    expect(rig().oracle.verdict.repeats - repeats).toBeLessThanOrEqual(16);
    const left = 'select 1 from endpoint_queue where endpoint_id = $1';
    await eventually(async () => expect(await rig().cluster.db.query(left, [endpointId])).toEqual([]), patienceMs);
  },
  testMs,
);

const taken = ({ partner }: Organization, { leadId }: LeadEvents): string[] => rig().oracle.taken(partner.url, leadId);

test(
  'the relay is killed after its signal is durable, before it hears so: the row is relayed again, and applied once',
  async () => {
    const { db, relays, toTemporal } = rig().cluster;
    const organization = await rig().organization();
    const lead = aLead(organization.id);
    toTemporal.slow(400); // the signal is on its way for so long, and so is what is said to it
    const [row] = await db.query<{ id: string }>('select spark360.publish($1::jsonb) as id', [
      JSON.stringify(lead.created()),
    ]);
    await whenItRuns(rig().cluster, `lead/${organization.id}/${lead.leadId}`);
    const restarted = Promise.all(relays.map((relay) => relay.kill()));
    const outcome = async () =>
      (await db.query<{ outcome: string | null }>('select outcome from spark360.outbox where id = $1', [row?.id]))[0]
        ?.outcome;
    expect(await outcome()).toBeNull();
    toTemporal.mend();
    await restarted;
    await eventually(async () => expect(['signalled', 'duplicate']).toContain(await outcome()), patienceMs);
    await eventually(() => expect(taken(organization, lead)).toEqual(['lead.address_preview']), patienceMs);
    expect(await stepsOf(rig().cluster, organization.id, lead.leadId)).toEqual([
      { name: 'address', outcome: 'applied' },
    ]);
  },
  testMs,
);

test(
  'the API is killed after its signal is durable, before it answers: the repeat is known, and applied once',
  async () => {
    const { apis, toTemporal } = rig().cluster;
    const organization = await rig().organization();
    const lead = aLead(organization.id);
    const created = lead.created();
    toTemporal.slow(400);
    const unanswered = rig().backend.post(created);
    await whenItRuns(rig().cluster, `lead/${organization.id}/${lead.leadId}`);
    const restarted = Promise.all(apis.map((api) => api.kill()));
    expect(await unanswered).toMatchObject({ status: 0 });
    toTemporal.mend();
    await restarted;
    await eventually(() => expect(taken(organization, lead)).toEqual(['lead.address_preview']), patienceMs);
    const repeated = await rig().backend.post(created);
    expect(repeated.status).toBe(202);
    expect(JSON.parse(repeated.body)).toMatchObject({ accepted: [{ id: created.id, duplicate: true }] });
    expect(await stepsOf(rig().cluster, organization.id, lead.leadId)).toEqual([
      { name: 'address', outcome: 'applied' },
    ]);
  },
  testMs,
);
