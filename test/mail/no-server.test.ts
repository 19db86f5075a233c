import { expect, test } from '@jest/globals';
import { createMailer } from '../../src/mail/mailer.ts';
import { observeMails } from '../../src/telemetry/mails.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { keptLog } from './log-lines.ts';

const mail = { id: 'notice/e/1/paused', to: ['anna@org.example'], subject: 's', text: 't', html: '<p>t</p>' };
/** As in the image: the service's user may not write there. */
const dataDir = '/proc/none';
const from = 'Spark360 Events <events@spark360.example>';

test('in production without SMTP_URL the start says loudly that no mail is sent, and a mail stays due instead of failing on a folder', async () => {
  const { log, text } = keptLog();
  const mailer = createMailer({ from, dataDir, log, isProduction: true });
  expect(JSON.parse(text())).toMatchObject({ level: 'error', msg: expect.stringContaining('NO MAIL IS SENT') });
  expect(await mailer.send(mail)).toEqual({
    accepted: [],
    refused: [],
    deferred: mail.to,
    reason: 'SMTP_URL is not set',
  });
});

test('SMTP_URL=none is the word of an operator who wants no mails: none is tried again, also in development', async () => {
  for (const isProduction of [true, false]) {
    const { log, text } = keptLog();
    const mailer = createMailer({ smtpUrl: 'none', from, dataDir, log, isProduction });
    expect(JSON.parse(text())).toMatchObject({ level: 'warn' });
    expect(await mailer.send(mail)).toMatchObject({ refused: mail.to, deferred: [], reason: 'SMTP_URL is none' });
  }
});

test('a mail that waits for a server is counted, one that is not wanted is no failure', async () => {
  const { log } = keptLog();
  const { mails, registry } = createMetrics();
  for (const smtpUrl of [undefined, 'none'])
    await observeMails(createMailer({ smtpUrl, from, dataDir, log, isProduction: true }), mails).send(mail);
  const text = await registry.metrics();
  expect(text).toMatch(/^spark360_mails_total\{outcome="deferred"\} 1$/m);
  expect(text).toMatch(/^spark360_mails_total\{outcome="refused"\} 0$/m);
});
