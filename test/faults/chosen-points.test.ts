import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { eventually } from '../support/eventually.ts';
import { type SmtpServer, startSmtp } from '../mail/smtp-server.ts';
import {
  giveUpWaiting,
  holdEndpoint,
  holdTable,
  whenItRuns,
  whenOneWaits,
  whenOneWaitsFor,
  whenThereIs,
} from './moments.ts';
import type { ReceivedRequest } from '../support/receiver.ts';
import { healthy } from './partner.ts';
import { type Organization, type Rig, startRig } from './rig.ts';

/** Longer than any of the timeouts by which a dead worker's work is taken over. */
const testMs = 90_000;

let rig: Rig;
let smtp: SmtpServer;

beforeAll(async () => {
  smtp = await startSmtp();
  rig = await startRig({ environment: { SMTP_URL: smtp.url } });
}, testMs);
afterAll(async () => {
  await rig?.stop();
  await smtp?.close();
}, testMs);
afterEach(() => {
  expect(rig.oracle.verdict.violations).toEqual([]);
  expect(rig.backend.surprises).toEqual([]);
});

const killWorkers = (downMs = 0): Promise<unknown> =>
  Promise.all(rig.cluster.workers.map((worker) => worker.kill(downMs)));

test(
  'killed after one POST, before its attempt is recorded, and while another that was handed over waits for its answer',
  async () => {
    const answering = await rig.organization();
    const thinking = await rig.organization(({ number }) => (number === 1 ? { delayMs: 3_000 } : undefined));
    const { repeats } = rig.oracle.verdict;
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
    expect(rig.oracle.verdict.repeats - repeats).toBe(2);
  },
  testMs,
);

const taken = ({ partner }: Organization, { leadId }: LeadEvents): string[] => rig.oracle.taken(partner.url, leadId);

/** What the ledger says of a lead's steps. */
const stepsOf = (organizationId: string, leadId: string) =>
  rig.cluster.db.query('select name, outcome from inbound_events where subject = $1 order by name', [
    `lead/${organizationId}/${leadId}`,
  ]);

test(
  'the relay is killed after its signal is durable, before it hears so: the row is relayed again, and applied once',
  async () => {
    const { db, relays, toTemporal } = rig.cluster;
    const organization = await rig.organization();
    const lead = aLead(organization.id);
    toTemporal.slow(400); // the signal is on its way for so long, and so is what is said to it
    const [row] = await db.query<{ id: string }>('select spark360.publish($1::jsonb) as id', [
      JSON.stringify(lead.created()),
    ]);
    await whenItRuns(rig.cluster, `lead/${organization.id}/${lead.leadId}`);
    const restarted = Promise.all(relays.map((relay) => relay.kill()));
    const outcome = async () =>
      (await db.query<{ outcome: string | null }>('select outcome from spark360.outbox where id = $1', [row?.id]))[0]
        ?.outcome;
    expect(await outcome()).toBeNull();
    toTemporal.mend();
    await restarted;
    await eventually(async () => expect(['signalled', 'duplicate']).toContain(await outcome()), 30_000);
    await eventually(() => expect(taken(organization, lead)).toEqual(['lead.address_preview']), 60_000);
    expect(await stepsOf(organization.id, lead.leadId)).toEqual([{ name: 'address', outcome: 'applied' }]);
  },
  testMs,
);

test(
  'the API is killed after its signal is durable, before it answers: the repeat is known, and applied once',
  async () => {
    const { apis, toTemporal } = rig.cluster;
    const organization = await rig.organization();
    const lead = aLead(organization.id);
    const created = lead.created();
    toTemporal.slow(400);
    const unanswered = rig.backend.post(created);
    await whenItRuns(rig.cluster, `lead/${organization.id}/${lead.leadId}`);
    const restarted = Promise.all(apis.map((api) => api.kill()));
    expect(await unanswered).toMatchObject({ status: 0 });
    toTemporal.mend();
    await restarted;
    await eventually(() => expect(taken(organization, lead)).toEqual(['lead.address_preview']), 60_000);
    const repeated = await rig.backend.post(created);
    expect(repeated.status).toBe(202);
    expect(JSON.parse(repeated.body)).toMatchObject({ accepted: [{ id: created.id, duplicate: true }] });
    expect(await stepsOf(organization.id, lead.leadId)).toEqual([{ name: 'address', outcome: 'applied' }]);
  },
  testMs,
);

test(
  'killed after the mail server took a mail, before that is recorded: it is sent again under the same Message-ID',
  async () => {
    const organization = await rig.organization(() => ({ status: 410 }));
    const notify = ['owner@org.example'];
    await rig.operator.insist('PUT', `/v1/organizations/${organization.id}`, { tier: 'premium', notify });
    const before = smtp.mails.length;
    const release = await holdTable(rig.cluster, 'mail_receipts');
    await organization.send(1, 'http', { steps: (lead) => [lead.created()] });
    await whenOneWaitsFor(rig.cluster, 'mail_receipts');
    expect(smtp.mails).toHaveLength(before + 1);
    await killWorkers();
    await giveUpWaiting(rig.cluster, 'mail_receipts');
    await release();
    // Its heartbeat is missed after half a minute, and the next try comes ten seconds later.
    await eventually(() => expect(smtp.mails).toHaveLength(before + 2), 80_000);
    const [first, second] = smtp.mails.slice(before);
    expect(second?.to).toEqual(notify);
    expect(second?.parsed.messageId).toBe(first?.parsed.messageId);
    const { endpointId } = organization.partner;
    await whenThereIs(rig.cluster, 'select 1 from mail_receipts where mail_id like $1', [`notice/${endpointId}/%`]);
  },
  testMs + 60_000,
);

test(
  'killed right after an event is published, before or while its first attempt is made',
  async () => {
    const organization = await rig.organization();
    const sent = organization.send(1);
    await whenThereIs(rig.cluster, 'select 1 from deliveries where organization_id = $1', [organization.id]);
    await killWorkers();
    await organization.arrived(await sent);
  },
  testMs,
);

test(
  'killed after lead.enriched was published, and the address step comes before the next worker: no preview behind it',
  async () => {
    const organization = await rig.organization();
    const lead = aLead(organization.id);
    let restarted: Promise<unknown> = Promise.resolve();
    let posted: Promise<unknown> = Promise.resolve();
    organization.partner.answer(({ number, event }: ReceivedRequest) => {
      if (number > 1) return undefined;
      expect(event).toBe('lead.enriched');
      restarted = killWorkers(2_000);
      posted = rig.backend.post([lead.created(), lead.contact()]);
      return undefined;
    });
    await rig.backend.post(lead.personal({ enriched: true }));
    await eventually(
      () =>
        expect(rig.oracle.taken(organization.partner.url, lead.leadId)).toEqual([
          'lead.enriched',
          'lead.rental_alert',
          'lead.contact_requested',
        ]),
      60_000,
    );
    await restarted;
    expect(await posted).toMatchObject({ status: 202 });
    expect(await stepsOf(organization.id, lead.leadId)).toEqual([
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
    const organization = await rig.organization(() => ({ status: 410 }));
    const { endpointId } = organization.partner;
    const release = await holdEndpoint(rig.cluster, endpointId);
    await organization.send(1, 'http', { steps: (lead) => [lead.created()] });
    await whenOneWaits(rig.cluster);
    await killWorkers();
    await release();
    await eventually(async () => {
      const [endpoint] = await rig.cluster.db.query('select status, paused_reason from endpoints where id = $1', [
        endpointId,
      ]);
      expect(endpoint).toEqual({ status: 'paused', paused_reason: 'gone' });
    }, 60_000);
    await eventually(async () => {
      expect(await rig.workflowIds(`notice/${endpointId}/`)).toEqual([`notice/${endpointId}/1/paused`]);
    }, 30_000);
  },
  testMs,
);

/** An endpoint whose first attempt failed, with one worker alone to make the second. */
async function aRetryAtOneWorker() {
  const organization = await rig.organization(({ number }) => (number === 1 ? { status: 500 } : undefined));
  const [worker, other] = rig.cluster.workers;
  if (worker === undefined || other === undefined) throw new Error('two workers are needed');
  await other.stop();
  const sent = organization.send(1);
  await eventually(() => expect(organization.partner.requests.length).toBe(1));
  return { organization, worker, other, sent };
}

test(
  'its database connection ends in the middle of a transaction: the worker lives on, and asks again',
  async () => {
    const { organization, worker, other, sent } = await aRetryAtOneWorker();
    const release = await holdEndpoint(rig.cluster, organization.partner.endpointId);
    await whenOneWaits(rig.cluster);
    const crashes = worker.crashes().length;
    await rig.cluster.db.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and not granted`,
    );
    await release();
    await organization.arrived(await sent);
    expect(worker.crashes()).toHaveLength(crashes);
    await other.start();
  },
  testMs,
);

test(
  'frozen in a transaction that holds the endpoint: the others get hold of it within seconds',
  async () => {
    const { organization, worker, other, sent } = await aRetryAtOneWorker();
    const { endpointId } = organization.partner;
    const release = await holdEndpoint(rig.cluster, endpointId);
    await whenOneWaits(rig.cluster);
    worker.freeze();
    const frozenAt = performance.now();
    await release();
    await (await holdEndpoint(rig.cluster, endpointId))();
    expect(performance.now() - frozenAt).toBeLessThan(15_000);
    worker.thaw();
    await other.start();
    await organization.arrived(await sent);
  },
  testMs,
);

test(
  'frozen between the permission and the POST, for longer than others wait: asks again when it thaws',
  async () => {
    const { organization, worker, other, sent } = await aRetryAtOneWorker();
    const { repeats } = rig.oracle.verdict;
    rig.cluster.toPostgres.slow(200); // the permission is on its way for so long
    const isTaken = `select 1 from deliveries where status = 'delivering' and endpoint_id = $1`;
    await whenThereIs(rig.cluster, isTaken, [organization.partner.endpointId]);
    worker.freeze();
    rig.cluster.toPostgres.slow(0);
    await sleep(12_000);
    worker.thaw();
    await other.start();
    await organization.arrived(await sent);
    expect(worker.log()).toContain('frozen before delivery');
    expect(rig.oracle.verdict.repeats).toBe(repeats);
  },
  testMs,
);

test(
  'killed in the middle of a resume, at the first held delivery and again while the rest goes out',
  async () => {
    const organization = await rig.organization();
    const { partner } = organization;
    const path = `/v1/organizations/${organization.id}/endpoints/${partner.endpointId}`;
    await rig.operator.insist('POST', `${path}/pause`);
    const leads = await organization.send(20, 'client');
    let restarted: Promise<unknown> = Promise.resolve();
    partner.answer(({ number }) => {
      if (number === 1 || number === 15) restarted = killWorkers();
      return undefined;
    });
    await rig.operator.insist('POST', `${path}/resume`);
    await organization.arrived(leads, 80_000);
    await restarted;
  },
  testMs,
);

test(
  'killed in the middle of a recovery: everything it took up arrives, and the job ends',
  async () => {
    const organization = await rig.organization();
    const { partner } = organization;
    const since = new Date(Date.now() - 60_000).toISOString();
    const steps = (lead: ReturnType<typeof aLead>) => [lead.created()];
    // Five abandoned in a row would pause the endpoint: after each two a lead succeeds.
    let refused = 0;
    for (; refused < 12; refused += 2) {
      partner.answer(() => ({ status: 400 }));
      for (const _ of [1, 2]) await organization.send(1, 'http', { steps });
      await eventually(() => expect(partner.requests.length).toBe(refused * 1.5 + 2));
      partner.answer(healthy);
      await organization.send(1, 'http', { steps });
      await eventually(() => expect(partner.requests.length).toBe(refused * 1.5 + 3));
    }
    const taken = partner.requests.length;
    let restarted: Promise<unknown> = Promise.resolve();
    partner.answer(({ number }) => {
      if (number === taken + 3) restarted = killWorkers();
      return undefined;
    });
    const path = `/v1/organizations/${organization.id}/endpoints/${partner.endpointId}`;
    const job = (await rig.operator.insist('POST', `${path}/recover`, { since })) as { job_id: string; count: number };
    expect(job.count).toBe(refused);
    await eventually(async () => {
      const { json } = await rig.operator.call('GET', `/v1/organizations/${organization.id}/jobs/${job.job_id}`);
      expect(json).toMatchObject({ delivered: refused, abandoned: 0, finished_at: expect.any(String) });
    }, 80_000);
    await restarted;
  },
  testMs,
);

test(
  'killed while it sends to a slow endpoint from its queue: what had no answer is sent again within seconds, and nothing stays queued',
  async () => {
    const organization = await rig.organization(() => ({ delayMs: 1_500 }));
    const { endpointId } = organization.partner;
    const steps = (lead: ReturnType<typeof aLead>) => [lead.created()];
    await organization.send(1, 'http', { steps }); // known to be slow
    await eventually(() => expect(organization.partner.requests.length).toBe(1));
    const { repeats } = rig.oracle.verdict;
    const leads = await organization.send(40, 'http', { steps });
    const queued = 'select 1 from endpoint_queue where endpoint_id = $1 having count(*) between 5 and 20';
    await whenThereIs(rig.cluster, queued, [endpointId]);
    await killWorkers(2_000);
    await eventually(async () => {
      for (const { leadId } of leads)
        expect(rig.oracle.taken(organization.partner.url, leadId)).toEqual(['lead.address_preview']);
    }, 80_000);
    expect(rig.oracle.verdict.repeats - repeats).toBeLessThanOrEqual(16);
    const left = 'select 1 from endpoint_queue where endpoint_id = $1';
    await eventually(async () => expect(await rig.cluster.db.query(left, [endpointId])).toEqual([]), 30_000);
  },
  testMs + 30_000,
);
