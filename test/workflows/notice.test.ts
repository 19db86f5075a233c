import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import { type Notice, noticeWorkflowId } from '../../src/domain/notice.ts';
import { bundleWorkflows } from '../../src/temporal/workflow-bundle.ts';
import { aFailure, keptHistory, legible, type MailService, processLog, startMailService } from '../mail/service.ts';
import { type SmtpServer, startSmtp } from '../mail/smtp-server.ts';
import { eventually } from '../support/eventually.ts';
import { held } from '../support/held.ts';

jest.setTimeout(120_000);

const workflowsPath = fileURLToPath(new URL('../mail/lane.workflow.ts', import.meta.url));

let smtp: SmtpServer;
let service: MailService;
beforeAll(async () => {
  // The service's workflows, and one that starts notices as a lane does.
  const bundle = { code: await bundleWorkflows({ workflowsPath }) };
  smtp = await startSmtp();
  service = await startMailService(smtp.url, { bundle });
});
afterAll(async () => {
  await service?.stop();
  await smtp?.close();
});
/** No notice of a test is left when it ends: what comes is of the next. */
beforeEach(() => {
  smtp.behave({});
  smtp.mails.splice(0);
});

/** As a lane does it: from a workflow that is over before the mail is sent. */
const report = (...notices: Notice[]): Promise<unknown> =>
  service.temporal.workflow.execute('failingLane', {
    workflowId: `lane/${randomUUID()}`,
    taskQueue: service.taskQueue,
    args: [notices],
  });

const pendingOf = async (notice: Notice) => {
  const { pendingActivities } = await service.temporal.workflowService.describeWorkflowExecution({
    namespace: service.temporal.options.namespace,
    execution: { workflowId: noticeWorkflowId(notice) },
  });
  return pendingActivities;
};
/** The number of the try that is under way, or is to come after one that failed. */
const tries = async (notice: Notice) => (await pendingOf(notice))?.[0]?.attempt;

const sent = (notice: Notice): Promise<unknown> =>
  service.temporal.workflow.getHandle(noticeWorkflowId(notice)).result();

test('a warning and an abandonment: one mail of each kind per episode, however many leads fail and however often', async () => {
  const warning = await aFailure(service, { notify: ['owner@org.example', 'admin@org.example'] });
  const paused: Notice = { ...warning, kind: 'paused', pausedReason: 'failing' };
  await Promise.all(Array.from({ length: 5 }, () => report(warning, paused, warning)));
  await Promise.all([sent(warning), sent(paused)]);
  await report(warning, paused);
  expect(smtp.mails.map(({ parsed }) => parsed.subject).sort()).toEqual([
    'Webhook endpoint failing: partner.example',
    'Webhook endpoint paused: partner.example',
  ]);
  expect(smtp.mails.map(({ to }) => to)).toEqual([
    ['owner@org.example', 'admin@org.example'],
    ['owner@org.example', 'admin@org.example'],
  ]);
  expect(smtp.mails.map(({ parsed }) => parsed.text).join()).toContain('may be paused in about 4 hours');
  const next = { ...warning, episode: 2 };
  await report(next);
  await sent(next);
  expect(smtp.mails).toHaveLength(3);
});

test('a notice that Temporal has forgotten is not sent again: the ledger of mails remembers it', async () => {
  const notice = await aFailure(service);
  for (let run = 0; run < 2; run += 1) {
    await service.temporal.workflow.execute('notice', {
      workflowId: noticeWorkflowId(notice),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      taskQueue: service.taskQueue,
      args: [notice],
    });
  }
  expect(smtp.mails).toHaveLength(1);
});

test('an id is taken once, also from outside, also after its mail was sent', async () => {
  const notice = await aFailure(service);
  const options = {
    workflowId: noticeWorkflowId(notice),
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    taskQueue: service.taskQueue,
    args: [notice],
  };
  await service.temporal.workflow.execute('notice', options);
  await expect(service.temporal.workflow.start('notice', options)).rejects.toThrow(
    WorkflowExecutionAlreadyStartedError,
  );
});

test('a mail server that is down gets the mail once it is up', async () => {
  const notice = await aFailure(service);
  await smtp.close();
  await report(notice);
  await eventually(async () => expect(await tries(notice)).toBe(2));
  smtp = await startSmtp({}, { port: smtp.port });
  await sent(notice);
  expect(smtp.mails).toHaveLength(1);
});

test('a mail server that refuses for now is asked again, for those alone that it refused', async () => {
  smtp.behave({ refuseRecipient: (address) => (address.startsWith('busy') ? 451 : null) });
  const notice = await aFailure(service, { notify: ['free@org.example', 'busy@org.example'] });
  await report(notice);
  await eventually(() => expect(smtp.mails.map(({ to }) => to)).toEqual([['free@org.example']]));
  smtp.behave({});
  await sent(notice);
  expect(smtp.mails.map(({ to }) => to)).toEqual([['free@org.example'], ['busy@org.example']]);
  const [first, second] = smtp.mails;
  expect(second?.parsed.messageId).toBe(first?.parsed.messageId);
});

test('one recipient refused for good does not stop the others, all refused for good ends it', async () => {
  smtp.behave({ refuseRecipient: (address) => (address.startsWith('gone') ? 550 : null) });
  const notice = await aFailure(service, { notify: ['gone@org.example', 'owner@org.example', 'OWNER@org.example'] });
  await report(notice);
  await sent(notice);
  expect(smtp.mails.map(({ to }) => to)).toEqual([['owner@org.example']]);
  const hopeless = await aFailure(service, { notify: ['gone@org.example'] });
  await report(hopeless);
  await sent(hopeless);
  expect(smtp.mails).toHaveLength(1);
});

test('a worker that is stopped while a mail waits for its server, and one that starts, send it once', async () => {
  smtp.behave({ refuseMessage: () => 451 });
  const notice = await aFailure(service);
  await report(notice);
  await eventually(async () => expect(await tries(notice)).toBe(2));
  await service.stopWorker();
  smtp.behave({});
  await service.startWorker();
  await sent(notice);
  expect(smtp.mails).toHaveLength(1);
});

test('a worker that is stopped while a slow server takes a mail, and one that starts, send it once', async () => {
  const { released, release } = held();
  smtp.behave({ answersAfter: released });
  const notice = await aFailure(service);
  await report(notice);
  await eventually(() => expect(smtp.taking).toBe(1));
  const stopping = service.stopWorker();
  await sleep(1_000);
  release();
  await stopping;
  await service.startWorker();
  await sent(notice);
  // What the stopped worker had begun would be taken by now.
  await eventually(() => expect(smtp.taking).toBe(0));
  expect(smtp.mails).toHaveLength(1);
});

test('nobody to tell, or an endpoint that is deleted: nothing is sent, and the workflow is done', async () => {
  const nobody = await aFailure(service, { notify: [] });
  const deleted = await aFailure(service);
  await service.deps.db.execute('update endpoints set deleted_at = now() where id = $1', [deleted.endpointId]);
  await report(nobody, deleted);
  await Promise.all([sent(nobody), sent(deleted)]);
  expect(smtp.mails).toHaveLength(0);
});

test('a mail server that hangs holds up no workflow', async () => {
  const { released, release } = held();
  smtp.behave({ answersAfter: released });
  const notice = await aFailure(service);
  await report(notice);
  await eventually(() => expect(smtp.taking).toBe(1));
  expect(await tries(notice)).toBe(1);
  release();
  await sent(notice);
});

test('neither history nor log has an address, a response body or what the mail server said', async () => {
  const secrets = ['confidential.owner', 'busy.admin', 'zanzibar', 'says the server'];
  smtp.behave({ refuseRecipient: (address) => (address.startsWith('busy') ? 451 : null) });
  const notice = await aFailure(service, {
    notify: ['confidential.owner@org.example', 'busy.admin@org.example'],
    body: '<b>zanzibar</b>',
  });
  await report(notice);
  await eventually(() => expect(smtp.mails).toHaveLength(1));
  expect(smtp.mails[0]?.raw).toContain('zanzibar');
  expect(smtp.mails[0]?.parsed.html).toContain('&lt;b&gt;zanzibar&lt;/b&gt;');
  // The failed try is kept with the pending activity, not in history, until the next one.
  const pending = await pendingOf(notice);
  smtp.behave({});
  await sent(notice);
  const kept = [await keptHistory(service, noticeWorkflowId(notice)), legible(pending), processLog.text()];
  expect(kept[0]).toContain('binary/encrypted');
  expect(kept[2]).toContain('451 to RCPT TO');
  for (const text of kept) for (const secret of secrets) expect(text).not.toContain(secret);
});

test('an organization that causes mails without end gets so many a day, and the rest is dropped and logged', async () => {
  const notice = await aFailure(service, { notify: ['a@org.example', 'b@org.example', 'c@org.example'] });
  const most = service.deps.config.maxDailyMails;
  await service.deps.db.execute(
    `insert into mail_days (organization_id, day, mails)
     select organization_id, (now() at time zone 'utc')::date - past, $2 from endpoints, unnest(array[0, 1]) as past where id = $1`,
    [notice.endpointId, most - 2],
  );
  for (const episode of [1, 2]) {
    const next = { ...notice, episode };
    await report(next);
    await sent(next);
  }
  expect(smtp.mails.map(({ to }) => to)).toEqual([['a@org.example', 'b@org.example']]);
  const dropped = [...processLog.text().matchAll(/"dropped":(\d)/g)].map(([, count]) => count);
  expect(dropped.slice(-2)).toEqual(['1', '3']);
  expect(
    await service.deps.db.query('select mails from mail_days where organization_id = $1', [notice.organizationId]),
  ).toEqual([{ mails: most }]);
});
