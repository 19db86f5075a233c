import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type SmtpServer, startSmtp } from '../mail/smtp-server.ts';
import { aLead } from '../support/lead-events.ts';
import { held } from '../support/held.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { type Answer, eventually, type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { attemptsAt, endpointRow, statusesAt } from './rows.ts';

// The second table of spec section 5, and what stands below it: mails as a real mail server gets them, pauses by rule.
jest.setTimeout(120_000);

const scheduleMs = [200, 200, 200, 600];
let smtp: SmtpServer;
let service: TestService;
beforeAll(async () => {
  smtp = await startSmtp();
  service = await startService({
    retryScheduleMs: scheduleMs,
    smtpUrl: smtp.url,
    publicUrl: 'https://events.spark360.example',
  });
});
afterAll(async () => {
  await service?.stop();
  await smtp?.close();
});

let receiver: Receiver;
let organization: string;
let endpoint: string;
beforeEach(async () => {
  receiver = await startReceiver();
  organization = await anOrganization(service.deps);
  await notify(service, organization);
  endpoint = (await anEndpoint(service.deps, organization, `${receiver.url}/hook`)).id;
});
afterEach(() => receiver?.close());

const addressOf = (organizationId: string): string => `owner-${organizationId}@org.example`;
const notify = ({ deps }: TestService, organizationId: string): Promise<number> =>
  deps.db.execute('update organizations set notify = $2 where id = $1', [organizationId, [addressOf(organizationId)]]);
const mailsTo = (organizationId: string) => smtp.mails.filter(({ to }) => to.includes(addressOf(organizationId)));
/** The subjects of the mails so far, the warnings first: which of two mails comes first is up to the mail server. */
const mails = (): string[] =>
  mailsTo(organization)
    .map(({ parsed }) => parsed.subject?.replace(/:.*/, '') ?? '')
    .sort();
const warning = 'Webhook endpoint failing';
const paused = 'Webhook endpoint paused';
/** Mails take a moment; those that must not come are waited for as long. */
const noMore = (): Promise<unknown> => sleep(1_500);

const statuses = () => statusesAt(service.deps, endpoint);
const row = () => endpointRow(service.deps, endpoint);
const attemptsMade = (count: number) =>
  eventually(async () => expect(await attemptsAt(service.deps, endpoint)).toHaveLength(count));
const publishOne = async (): Promise<string> => {
  const lead = aLead(organization);
  await service.deps.client.publish(lead.created());
  return lead.leadId;
};
const leadIdOf = ({ json }: ReceivedRequest): string => (json as { data: { lead_id: string } }).data.lead_id;
/** Publishes one event of a new lead that is answered so, and waits until it is settled. */
async function settledAs(answer: Answer): Promise<void> {
  receiver.answer(answer);
  const before = (await statuses()).length;
  await publishOne();
  await eventually(async () => {
    const now = await statuses();
    expect(now).toHaveLength(before + 1);
    expect(now.filter((status) => /pending|delivering|retrying/.test(status))).toEqual([]);
  });
}

describe('failed attempts', () => {
  test('1 to 3 are silent, 4 warns, 5 abandons, pauses and says so; each mail with URL, answer and link', async () => {
    const [fourth, fifth] = [held(), held()];
    receiver.answer(async ({ attempt }) => {
      if (attempt === 4) await fourth.released;
      if (attempt === 5) await fifth.released;
      return { status: 503, body: 'down for maintenance' };
    });
    await publishOne();
    await eventually(() => expect(receiver.requests).toHaveLength(4));
    expect(mails()).toEqual([]);
    fourth.release();
    await eventually(() => expect(mails()).toEqual([warning]));
    expect(await row()).toMatchObject({ status: 'active' });
    fifth.release();
    await attemptsMade(5);
    await eventually(() => expect(mails()).toEqual([warning, paused]));
    expect(await statuses()).toEqual(['abandoned: exhausted']);
    expect(await row()).toMatchObject({ status: 'paused', paused_reason: 'failing' });
    for (const { parsed } of mailsTo(organization)) {
      for (const form of [parsed.text ?? '', parsed.html || '']) {
        expect(form).toContain(`${receiver.url}/hook`);
        expect(form).toContain('HTTP 503');
        expect(form).toContain('down for maintenance');
        expect(form.replaceAll('&gt;', '>')).toContain('Settings > Webhooks');
        expect(form).toContain('https://events.spark360.example/');
      }
    }
  });

  test('a success between them: the fifth abandons, but nothing is paused and nobody told so', async () => {
    receiver.answer({ status: 500 });
    const failing = await publishOne();
    await attemptsMade(1);
    receiver.answer((request) => ({ status: leadIdOf(request) === failing ? 500 : 200 }));
    await publishOne();
    await eventually(async () => expect(await statuses()).toEqual(['abandoned: exhausted', 'delivered']));
    await noMore();
    expect(await row()).toMatchObject({ status: 'active' });
    expect(mails()).toEqual([warning]);
  });

  test('however many leads fail: one mail of each kind', async () => {
    receiver.answer({ status: 500 });
    await Promise.all(Array.from({ length: 15 }, publishOne));
    await eventually(async () => expect(await row()).toMatchObject({ status: 'paused', paused_reason: 'failing' }));
    await eventually(async () =>
      expect((await statuses()).filter((status) => !/^(held|abandoned: exhausted)$/.test(status))).toEqual([]),
    );
    await eventually(() => expect(mails()).toEqual([warning, paused]));
    await noMore();
    expect(mails()).toEqual([warning, paused]);
  });
});

describe.each<[string, number[], string[]]>([
  ['two attempts: the first warns', [300], [warning, paused]],
  ['one attempt: there is no last but one', [], [paused]],
  ['seven attempts: the sixth warns', [50, 50, 50, 50, 50, 50], [warning, paused]],
])('the warning is for the last but one attempt of the schedule', (what, retryScheduleMs, expected) => {
  test(`${what}`, async () => {
    const own = await startService({ retryScheduleMs, smtpUrl: smtp.url });
    try {
      const id = await anOrganization(own.deps);
      await notify(own, id);
      const { id: failing } = await anEndpoint(own.deps, id, receiver.url);
      receiver.answer({ status: 500 });
      await own.deps.client.publish(aLead(id).created());
      await eventually(() => expect(mailsTo(id)).toHaveLength(expected.length));
      const subjects = mailsTo(id).map(({ parsed }) => parsed.subject?.replace(/:.*/, ''));
      expect(subjects.sort()).toEqual(expected);
      expect(await attemptsAt(own.deps, failing)).toHaveLength(retryScheduleMs.length + 1);
      const warned = mailsTo(id).find(({ parsed }) => parsed.subject?.startsWith(warning));
      if (warned) expect(warned.parsed.text).toMatch(new RegExp(`\\b${retryScheduleMs.length}, at `));
    } finally {
      await own.stop();
    }
  });
});

describe('episodes', () => {
  test('the first success ends it: the next failures are another one, and mailed again', async () => {
    receiver.answer((_request, index) => ({ status: index < 4 ? 500 : 200 }));
    await publishOne();
    await eventually(async () => expect(await statuses()).toEqual(['delivered']));
    await eventually(() => expect(mails()).toEqual([warning]));
    receiver.answer({ status: 500 });
    await publishOne();
    await eventually(() => expect(mails()).toEqual([warning, warning, paused]));
    expect(await row()).toMatchObject({ episode: 2 });
  });

  test('a resume ends it: paused again, mailed again', async () => {
    receiver.answer({ status: 500 });
    await publishOne();
    await eventually(() => expect(mails()).toEqual([warning, paused]));
    await publishOne();
    await eventually(async () => expect(await statuses()).toEqual(['abandoned: exhausted', 'held']));
    await service.deps.operations.resume(endpoint);
    await eventually(() => expect(mails()).toEqual([warning, warning, paused, paused]));
    expect(await row()).toMatchObject({ status: 'paused', paused_reason: 'failing', episode: 2 });
  });

  test('a success after a resume counts for what had failed before it: no pause', async () => {
    receiver.answer({ status: 503, headers: { 'retry-after': '3600' } });
    const older = await publishOne();
    await attemptsMade(1);
    await publishOne();
    await attemptsMade(2);
    await service.deps.operations.pause(endpoint);
    receiver.answer((request) => ({ status: leadIdOf(request) === older ? 200 : 500 }));
    await service.deps.operations.resume(endpoint);
    await eventually(async () => expect(await statuses()).toEqual(['delivered', 'abandoned: exhausted']));
    await noMore();
    expect(await row()).toMatchObject({ status: 'active' });
  });

  test('paused by hand: no mail', async () => {
    await service.deps.operations.pause(endpoint);
    await publishOne();
    await noMore();
    expect(mails()).toEqual([]);
    expect(await row()).toMatchObject({ status: 'paused', paused_reason: 'manual' });
  });
});

describe('abandoned by the receiver’s fault', () => {
  test('410: abandoned, paused, mailed', async () => {
    receiver.answer({ status: 410 });
    await publishOne();
    await eventually(() => expect(mails()).toEqual([paused]));
    expect(await statuses()).toEqual(['abandoned: gone']);
    expect(await row()).toMatchObject({ status: 'paused', paused_reason: 'gone' });
    expect(mailsTo(organization)[0]?.parsed.text).toContain('410');
  });

  test('five in a row pause, and one mail says so; a success in between starts the count anew', async () => {
    for (const status of [400, 404, 422, 400, 200, 400, 400, 400, 400]) await settledAs({ status });
    expect(await row()).toMatchObject({ status: 'active' });
    expect(mails()).toEqual([]);
    await settledAs({ status: 413 });
    await eventually(async () =>
      expect(await row()).toMatchObject({ status: 'paused', paused_reason: 'consecutive_failures' }),
    );
    await eventually(() => expect(mails()).toEqual([paused]));
  });

  test('what was skipped or erased counts for nothing', async () => {
    for (const status of [400, 400, 400, 400]) await settledAs({ status });
    receiver.answer({ status: 503, headers: { 'retry-after': '3600' } });
    await publishOne();
    const erased = await publishOne();
    await eventually(async () => expect((await statuses()).slice(4)).toEqual(['retrying', 'retrying']));
    const [toSkip] = await service.deps.db.query<{ id: string }>(
      `select id from deliveries where endpoint_id = $1 and status = 'retrying' and lead_id <> $2`,
      [endpoint, erased],
    );
    const skipped = toSkip?.id ?? '';
    expect(await service.deps.operations.skip(skipped)).toBe(true);
    expect(await service.deps.operations.erase(organization, erased)).toBe(true);
    await eventually(async () =>
      expect((await statuses()).slice(4).sort()).toEqual(['abandoned: lead_erased', 'abandoned: skipped']),
    );
    await noMore();
    expect(await row()).toMatchObject({ status: 'active' });

    await settledAs({ status: 400 });
    await eventually(async () => expect(await row()).toMatchObject({ paused_reason: 'consecutive_failures' }));
    await eventually(() => expect(mails()).toEqual([paused]));
  });
});
