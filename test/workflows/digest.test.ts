import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { type DigestTimes, notifyActivities } from '../../activities/notify.ts';
import { digestWorkflowId } from '../../src/domain/notice.ts';
import { keptHistory, type MailService, processLog, startMailService } from '../mail/service.ts';
import { type SmtpServer, startSmtp } from '../mail/smtp-server.ts';
import { eventually } from '../support/eventually.ts';

jest.setTimeout(120_000);

/** An hour is three seconds here. */
const times: DigestTimes = { collectMs: 1_000, intervalMs: 3_000 };

let smtp: SmtpServer;
let service: MailService;
beforeAll(async () => {
  smtp = await startSmtp();
  service = await startMailService(smtp.url, { digestTimes: times });
});
afterAll(async () => {
  await service?.stop();
  await smtp?.close();
});
/** No mail of a test is left to send when it ends: what comes is of the next. */
beforeEach(() => {
  smtp.behave({});
  smtp.mails.splice(0);
});

interface Organization {
  id: string;
  /** A lead that waits for its enrichment. */
  lead(): Promise<string>;
  /** As a lead's workflow does at its deadline. */
  overdue(...leadIds: string[]): Promise<void>;
  isOver(): Promise<boolean>;
}

async function anOrganization(notify = ['owner@org.example']): Promise<Organization> {
  const { db } = service.deps;
  const id = randomUUID();
  await db.execute('insert into organizations (id, notify) values ($1, $2)', [id, notify]);
  const { reportOverdue } = notifyActivities({
    ...service.deps.activityDeps,
    digestTimes: times,
    isFirstTry: () => true,
  });
  return {
    id,
    async lead() {
      const leadId = randomUUID();
      await db.execute(
        `insert into leads (subject, organization_id, lead_id, mode, stage) values ($1, $2, $3, 'prod', 'waiting_for_enrichment')`,
        [`lead/${id}/${leadId}`, id, leadId],
      );
      return leadId;
    },
    async overdue(...leadIds) {
      const report = (leadId: string) =>
        reportOverdue({ organizationId: id, leadId, waitingSince: Date.parse('2026-11-19T08:00:00Z') });
      await Promise.all(leadIds.map(report));
    },
    async isOver() {
      const { status } = await service.temporal.workflow.getHandle(digestWorkflowId(id)).describe();
      return status.name === 'COMPLETED';
    },
  };
}

const many = (count: number, organization: Organization): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => organization.lead()));

const textOf = (index: number): string => smtp.mails[index]?.parsed.text ?? '';
const named = (leadIds: string[]): number[] =>
  smtp.mails.map((_mail, index) => leadIds.filter((leadId) => textOf(index).includes(leadId)).length);

test('50 leads overdue give one mail at once; what comes within the hour waits for the next; then the digest is over', async () => {
  const organization = await anOrganization();
  const first = await many(50, organization);
  await organization.overdue(...first);
  await eventually(() => expect(smtp.mails).toHaveLength(1));
  expect(named(first)).toEqual([50]);
  expect(smtp.mails[0]?.parsed.subject).toBe('50 leads wait for their enrichment');
  expect(textOf(0)).toContain('waiting since 2026-11-19 08:00:00 UTC');

  const second = await many(3, organization);
  await organization.overdue(...second);
  await eventually(() => expect(smtp.mails).toHaveLength(2));
  const [earlier, later] = smtp.mails.map(({ at }) => at);
  expect((later ?? 0) - (earlier ?? 0)).toBeGreaterThan(times.intervalMs / 2);
  expect(named(second)).toEqual([0, 3]);
  expect(named(first)).toEqual([50, 0]);

  await eventually(async () => expect(await organization.isOver()).toBe(true));
  expect(smtp.mails).toHaveLength(2);
  expect(new Set(smtp.mails.map(({ parsed }) => parsed.messageId)).size).toBe(2);
});

test('a lead reported again is mailed once, and the metric counts reports', async () => {
  const reports = async () =>
    Number(/^spark360_enrichment_overdue_total (\d+)/m.exec(await service.deps.metrics.registry.metrics())?.[1]);
  const before = await reports();
  const organization = await anOrganization();
  const leadId = await organization.lead();
  await organization.overdue(leadId, leadId, leadId);
  await eventually(() => expect(smtp.mails).toHaveLength(1));
  await organization.overdue(leadId);
  await eventually(async () => expect(await organization.isOver()).toBe(true));
  expect(smtp.mails).toHaveLength(1);
  expect(await reports()).toBe(before + 4);
});

test('leads that were enriched or erased meanwhile are left out, and nothing left is no mail', async () => {
  const { db } = service.deps;
  const organization = await anOrganization();
  const [waiting = '', enriched = '', erased = ''] = await many(3, organization);
  await db.execute(`update leads set stage = 'enriched' where lead_id = $1`, [enriched]);
  await db.execute(`update leads set stage = 'erased' where lead_id = $1`, [erased]);
  await organization.overdue(enriched, erased);
  await eventually(async () => expect(await organization.isOver()).toBe(true));
  expect(smtp.mails).toHaveLength(0);
  await organization.overdue(waiting, enriched);
  await eventually(() => expect(smtp.mails).toHaveLength(1));
  expect(named([enriched, erased])).toEqual([0]);
  expect(named([waiting])).toEqual([1]);
});

test('each organization has its own hour', async () => {
  const organizations = await Promise.all([anOrganization(['one@org.example']), anOrganization(['two@org.example'])]);
  for (const organization of organizations) await organization.overdue(await organization.lead());
  await eventually(() => expect(smtp.mails).toHaveLength(2));
  expect(smtp.mails.flatMap(({ to }) => to).sort()).toEqual(['one@org.example', 'two@org.example']);
});

test('while the mail server refuses, leads are neither lost nor doubled', async () => {
  let refused = 0;
  smtp.behave({
    refuseMessage: () => {
      refused += 1;
      return 451;
    },
  });
  const organization = await anOrganization();
  const early = await many(5, organization);
  await organization.overdue(...early);
  await eventually(() => expect(refused).toBeGreaterThan(0));
  const late = await many(5, organization);
  await organization.overdue(...late);
  smtp.behave({});
  await eventually(() => expect(smtp.mails).toHaveLength(2));
  expect(named(early)).toEqual([5, 0]);
  expect(named(late)).toEqual([0, 5]);
});

test('signals in the very moment in which the digest ends lose nothing', async () => {
  const organization = await anOrganization();
  const leadIds = [await organization.lead()];
  await organization.overdue(...leadIds);
  await eventually(() => expect(smtp.mails).toHaveLength(1));
  const endsAt = Date.now() + times.intervalMs;
  await sleep(times.intervalMs - 400);
  while (Date.now() < endsAt + 400) {
    const leadId = await organization.lead();
    leadIds.push(leadId);
    await organization.overdue(leadId);
  }
  // A mail names a hundred of them and counts the others: a fast machine reports more than that.
  const unnamed = (index: number) => Number(/(\d+) more\b/.exec(textOf(index))?.[1] ?? 0);
  const all = () => named(leadIds).reduce((sum, count, index) => sum + count + unnamed(index), 0);
  await eventually(() => expect(all()).toBe(leadIds.length));
  await eventually(async () => expect(await organization.isOver()).toBe(true));
  expect(all()).toBe(leadIds.length);
});

test('a digest that goes on in a fresh run keeps what waits and its hour', async () => {
  const organization = await anOrganization();
  const [mailed = '', pending = ''] = await many(2, organization);
  const nextMailAt = Date.now() + 3_000;
  await service.temporal.workflow.start('digest', {
    workflowId: digestWorkflowId(organization.id),
    taskQueue: service.taskQueue,
    args: [
      {
        organizationId: organization.id,
        ...times,
        carried: {
          pending: [{ leadId: pending, waitingSince: 0 }],
          more: 2,
          mailed: [mailed],
          number: 7,
          nextMailAt,
        },
      },
    ],
  });
  await organization.overdue(mailed, pending);
  await eventually(() => expect(smtp.mails).toHaveLength(1));
  expect(smtp.mails[0]?.at).toBeGreaterThanOrEqual(nextMailAt);
  expect(named([pending])).toEqual([1]);
  expect(named([mailed])).toEqual([0]);
  expect(smtp.mails[0]?.parsed.subject).toBe('3 leads wait for their enrichment');
  expect(smtp.mails[0]?.parsed.messageId).toMatch(/\.7@/);
});

test('a worker that starts again goes on with the hour, and nobody to tell is no mail', async () => {
  const organization = await anOrganization();
  await organization.overdue(await organization.lead());
  await eventually(() => expect(smtp.mails).toHaveLength(1));
  await service.stopWorker();
  await organization.overdue(await organization.lead());
  const nobody = await anOrganization([]);
  await nobody.overdue(await nobody.lead());
  await service.startWorker();
  await eventually(() => expect(smtp.mails).toHaveLength(2));
  await eventually(async () => expect(await nobody.isOver()).toBe(true));
  expect(smtp.mails.flatMap(({ to }) => to)).toEqual(['owner@org.example', 'owner@org.example']);
});

test('neither history nor log has an address', async () => {
  const organization = await anOrganization(['confidential.owner@org.example']);
  await organization.overdue(await organization.lead());
  await eventually(() => expect(smtp.mails).toHaveLength(1));
  await eventually(async () => expect(await organization.isOver()).toBe(true));
  const history = await keptHistory(service, digestWorkflowId(organization.id));
  expect(history).toContain('binary/encrypted');
  for (const text of [history, processLog.text()]) expect(text).not.toContain('confidential.owner');
});
