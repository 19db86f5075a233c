import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { LeadEvents } from '../support/lead-events.ts';
import { eventually } from '../support/eventually.ts';
import { type SmtpServer, startSmtp } from '../mail/smtp-server.ts';
import {
  giveUpWaiting,
  holdTable,
  killWorkersOf,
  patienceMs,
  testMs,
  whenOneWaitsFor,
  whenThereIs,
} from './moments.ts';
import { healthy } from './partner.ts';
import { rigOfFile } from './rig-of-file.ts';

let smtp: SmtpServer;
beforeAll(async () => {
  smtp = await startSmtp();
});
const rig = rigOfFile(() => ({ workers: 1, environment: { SMTP_URL: smtp.url } }));
afterAll(() => smtp?.close());

const killWorkers = (): Promise<unknown> => killWorkersOf(rig().cluster);

test(
  'killed after the mail server took a mail, before that is recorded: it is sent again under the same Message-ID',
  async () => {
    const organization = await rig().organization(() => ({ status: 410 }));
    const notify = ['owner@org.example'];
    await rig().operator.insist('PUT', `/v1/organizations/${organization.id}`, { tier: 'premium', notify });
    const before = smtp.mails.length;
    const release = await holdTable(rig().cluster, 'mail_receipts');
    await organization.send(1, 'http', { steps: (lead) => [lead.created()] });
    await whenOneWaitsFor(rig().cluster, 'mail_receipts');
    expect(smtp.mails).toHaveLength(before + 1);
    await killWorkers();
    await giveUpWaiting(rig().cluster, 'mail_receipts');
    await release();
    // Its heartbeat is missed after half a minute, and the next try comes ten seconds later.
    await eventually(() => expect(smtp.mails).toHaveLength(before + 2), patienceMs);
    const [first, second] = smtp.mails.slice(before);
    expect(second?.to).toEqual(notify);
    expect(second?.parsed.messageId).toBe(first?.parsed.messageId);
    const { endpointId } = organization.partner;
    await whenThereIs(rig().cluster, 'select 1 from mail_receipts where mail_id like $1', [`notice/${endpointId}/%`]);
  },
  testMs,
);

test(
  'killed in the middle of a resume, at the first held delivery and again while the rest goes out',
  async () => {
    const organization = await rig().organization();
    const { partner } = organization;
    const path = `/v1/organizations/${organization.id}/endpoints/${partner.endpointId}`;
    await rig().operator.insist('POST', `${path}/pause`);
    const leads = await organization.send(20, 'client');
    let restarted: Promise<unknown> = Promise.resolve();
    partner.answer(({ number }) => {
      if (number === 1 || number === 15) restarted = killWorkers();
      return undefined;
    });
    await rig().operator.insist('POST', `${path}/resume`);
    await organization.arrived(leads, patienceMs);
    await restarted;
  },
  testMs,
);

test(
  'killed in the middle of a recovery: everything it took up arrives, and the job ends',
  async () => {
    const organization = await rig().organization();
    const { partner } = organization;
    const since = new Date(Date.now() - 60_000).toISOString();
    const steps = (lead: LeadEvents) => [lead.created()];
    // Five abandoned in a row would pause the endpoint: after each two a lead succeeds.
    let refused = 0;
    for (; refused < 6; refused += 2) {
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
    const job = (await rig().operator.insist('POST', `${path}/recover`, { since })) as {
      job_id: string;
      count: number;
    };
    expect(job.count).toBe(refused);
    await eventually(async () => {
      const { json } = await rig().operator.call('GET', `/v1/organizations/${organization.id}/jobs/${job.job_id}`);
      expect(json).toMatchObject({ delivered: refused, abandoned: 0, finished_at: expect.any(String) });
    }, patienceMs);
    await restarted;
  },
  testMs,
);
