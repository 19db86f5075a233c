import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { simpleParser } from 'mailparser';
import type { Mail } from '../../src/mail/mail.ts';
import { createMailer } from '../../src/mail/mailer.ts';
import { keptLog } from './log-lines.ts';

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'spark360-mails-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const mail = (id: string, subject = 'Webhook endpoint paused: partner.example'): Mail => ({
  id,
  to: ['anna@org.example', 'bert@org.example'],
  subject,
  text: 'text\n',
  html: '<p>html</p>',
});

test('without a mail server mails are kept as files that any mail program reads, and where they are is logged', async () => {
  const { log, text } = keptLog();
  const mailer = createMailer({ from: 'no-reply@localhost', dataDir, log });
  expect(await mailer.send(mail('notice/e/1/paused'))).toEqual({
    accepted: ['anna@org.example', 'bert@org.example'],
    refused: [],
    deferred: [],
    reason: null,
  });
  const file = join(dataDir, 'mails', 'notice.e.1.paused.eml');
  expect(await simpleParser(await readFile(file))).toMatchObject({
    messageId: '<notice.e.1.paused@localhost>',
    subject: 'Webhook endpoint paused: partner.example',
    text: 'text\n',
    html: '<p>html</p>',
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(mailer.captured()).toMatchObject([
    { id: 'notice/e/1/paused', messageId: '<notice.e.1.paused@localhost>', to: mail('').to, file },
  ]);
  expect(text()).toContain(JSON.stringify(join(dataDir, 'mails')));
  expect(text()).toContain(JSON.stringify(file));
  expect(text()).not.toContain('@org.example');
});

test('a repeat replaces what it repeats, and 200 are kept at most', async () => {
  const mailer = createMailer({ from: 'no-reply@localhost', dataDir, log: keptLog().log });
  await mailer.send(mail('notice/e/2/paused', 'first'));
  await mailer.send(mail('notice/e/2/paused', 'again'));
  expect(mailer.captured().map(({ subject }) => subject)).toEqual(['again']);
  for (let index = 0; index < 205; index += 1) await mailer.send(mail(`notice/f/${index}/paused`));
  expect(mailer.captured()).toHaveLength(200);
  expect(await readdir(join(dataDir, 'mails'))).toHaveLength(200);
  expect(mailer.captured().at(-1)?.id).toBe('notice/f/204/paused');
});
