import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import type { SMTPServerOptions } from 'smtp-server';
import { needsSmtpUtf8 } from '../../src/mail/address.ts';
import type { Mail, Mailer } from '../../src/mail/mail.ts';
import { createMailer, type MailerOptions } from '../../src/mail/mailer.ts';
import { parseSender } from '../../src/mail/message.ts';
import { keptLog } from './log-lines.ts';
import { type SmtpBehaviour, type SmtpServer, startSmtp } from './smtp-server.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const part of opened.splice(0).reverse()) await part.close();
});

const mailer = (smtpUrl: string, timeouts?: MailerOptions['timeouts']): Mailer => {
  const made = createMailer({
    smtpUrl,
    from: 'Spark360 Events <hooks@spark.example>',
    dataDir: '/nonexistent',
    log: keptLog().log,
    ...(timeouts && { timeouts }),
  });
  opened.push(made);
  return made;
};

async function server(behaviour?: SmtpBehaviour, options?: Parameters<typeof startSmtp>[1]): Promise<SmtpServer> {
  const started = await startSmtp(behaviour, options);
  opened.push(started);
  return started;
}

const mail = (to: string[], id = 'notice/endpoint/1/warning'): Mail => ({
  id,
  to,
  subject: 'Webhook endpoint failing: partner.example',
  text: 'A “text”\n',
  html: '<p>A text</p>',
});

const [anna, bert] = ['anna@org.example', 'bert@org.example'];

test('a mail arrives in both forms, marked as automatic, under the Message-ID of its id', async () => {
  const smtp = await server();
  expect(await mailer(smtp.url).send(mail([anna, bert]))).toEqual({
    accepted: [anna, bert],
    refused: [],
    deferred: [],
    reason: null,
  });
  expect(smtp.mails).toHaveLength(1);
  const [received] = smtp.mails;
  expect(received?.to).toEqual([anna, bert]);
  expect(received?.parsed).toMatchObject({
    messageId: '<notice.endpoint.1.warning@spark.example>',
    subject: 'Webhook endpoint failing: partner.example',
    text: 'A “text”\n',
    html: '<p>A text</p>',
    from: { value: [{ address: 'hooks@spark.example', name: 'Spark360 Events' }] },
  });
  expect(received?.parsed.headers.get('auto-submitted')).toBe('auto-generated');
});

test.each([
  ['a@b.example', { name: '', address: 'a@b.example' }],
  ['Spark360 Events <a@b.example>', { name: 'Spark360 Events', address: 'a@b.example' }],
  ['"Events, Spark360" <a@b.example>', { name: 'Events, Spark360', address: 'a@b.example' }],
])('a sender given as %s', (text, expected) => void expect(parseSender(text)).toEqual(expected));

test('twenty mails at once share the pool of five connections', async () => {
  const smtp = await server();
  const sender = mailer(smtp.url);
  await Promise.all(Array.from({ length: 20 }, (_, index) => sender.send(mail([anna], `notice/e/${index}/warning`))));
  expect(smtp.mails).toHaveLength(20);
  expect(smtp.connections).toBeLessThanOrEqual(5);
});

test('a server that takes seconds for its greeting and for its answer gets the mail once', async () => {
  const smtp = await server({ greetingDelayMs: 2_000, answerDelayMs: 2_000 });
  expect(await mailer(smtp.url).send(mail([anna]))).toMatchObject({ accepted: [anna] });
  expect(smtp.mails).toHaveLength(1);
});

test('one recipient refused for good does not keep the mail from the others', async () => {
  const smtp = await server({ refuseRecipient: (address) => (address === anna ? 550 : null) });
  expect(await mailer(smtp.url).send(mail([anna, bert]))).toEqual({
    accepted: [bert],
    refused: [anna],
    deferred: [],
    reason: '550 to RCPT TO',
  });
  expect(smtp.mails.map(({ to }) => to)).toEqual([[bert]]);
});

test('an address that cannot be said to a server is refused here, and does not keep the mail from the others', async () => {
  const smtp = await server();
  const broken = 'a@b\r\nRCPT TO:<x@y.example>';
  expect(await mailer(smtp.url).send(mail([broken, 'no address', anna]))).toMatchObject({
    accepted: [anna],
    refused: [broken, 'no address'],
    deferred: [],
  });
  expect(smtp.mails.map(({ to }) => to)).toEqual([[anna]]);
});

test('addresses come back as they were given, whatever form the wire gave them', async () => {
  const smtp = await server({ refuseRecipient: (address) => (address.startsWith('Bert') ? 451 : null) });
  const given = ['Anna@BÜCHER.example', 'Bert@ORG.example'];
  expect(await mailer(smtp.url).send(mail(given))).toMatchObject({ accepted: [given[0]], deferred: [given[1]] });
});

const deferred = { accepted: [], refused: [], deferred: [anna, bert] };
const refused = { accepted: [], refused: [anna, bert], deferred: [] };

test.each<[string, SmtpBehaviour, object]>([
  ['all recipients with 451: tried again', { refuseRecipient: () => 451 }, { ...deferred, reason: '451 to RCPT TO' }],
  ['all recipients with 550: final', { refuseRecipient: () => 550 }, { ...refused, reason: '550 to RCPT TO' }],
  [
    'one with 451, one with 550: each its own',
    { refuseRecipient: (address) => (address === anna ? 451 : 550) },
    { accepted: [], refused: [bert], deferred: [anna] },
  ],
  ['the message with 451: tried again', { refuseMessage: () => 451 }, { ...deferred, reason: '451 to DATA' }],
  ['the message with 554: final', { refuseMessage: () => 554 }, { ...refused, reason: '554 to DATA' }],
  [
    'the sender with 550, which is our setting: tried again',
    { refuseSender: () => 550 },
    { ...deferred, reason: '550 to MAIL FROM' },
  ],
])('a server that refuses %s', async (_case, behaviour, expected) => {
  const smtp = await server(behaviour);
  expect(await mailer(smtp.url).send(mail([anna, bert]))).toMatchObject(expected);
  expect(smtp.mails).toHaveLength(0);
});

test('a server that is away defers the mail', async () => {
  const smtp = await startSmtp();
  await smtp.close();
  expect(await mailer(smtp.url).send(mail([anna, bert]))).toMatchObject({ ...deferred, reason: 'ESOCKET' });
});

test('a server that accepts the connection and says nothing defers the mail', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  opened.push(silent);
  await once(silent, 'listening');
  const url = `smtp://127.0.0.1:${(silent.address() as { port: number }).port}`;
  const sender = mailer(url, { connectMs: 300, silenceMs: 300 });
  expect(await sender.send(mail([anna, bert]))).toMatchObject({ ...deferred, reason: 'ETIMEDOUT' });
});

test('a server that falls silent after the message defers it', async () => {
  const smtp = await server({ answerDelayMs: 2_000 });
  const sender = mailer(smtp.url, { connectMs: 1_000, silenceMs: 500 });
  expect(await sender.send(mail([anna, bert]))).toMatchObject({ ...deferred, reason: 'ETIMEDOUT' });
});

test('an aborted sending defers the mail, and the next one goes', async () => {
  const smtp = await server({ greetingDelayMs: 1_000 });
  const sender = mailer(smtp.url);
  expect(await sender.send(mail([anna, bert]), AbortSignal.timeout(100))).toMatchObject(deferred);
  smtp.behave({});
  expect(await sender.send(mail([anna]))).toMatchObject({ accepted: [anna] });
  expect(smtp.mails).toHaveLength(1);
});

const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], { algorithm: 'sha256' });

const withAuth: SMTPServerOptions = {
  key,
  cert,
  disabledCommands: [],
  authOptional: false,
  authMethods: ['PLAIN', 'LOGIN'],
  onAuth: ({ username, password }, _session, done) =>
    username === 'hooks' && password === 'p@ss/word'
      ? done(null, { user: username })
      : done(Object.assign(new Error('wrong'), { responseCode: 535 })),
};

test('STARTTLS and a password from SMTP_URL', async () => {
  const smtp = await server({}, withAuth);
  const url = `smtp://hooks:p%40ss%2Fword@127.0.0.1:${smtp.port}?requireTLS=true&tls.rejectUnauthorized=false`;
  expect(await mailer(url).send(mail([anna]))).toMatchObject({ accepted: [anna] });
});

test('TLS from the first byte with smtps://', async () => {
  const smtp = await server({}, { ...withAuth, secure: true });
  const url = `smtps://hooks:p%40ss%2Fword@127.0.0.1:${smtp.port}?tls.rejectUnauthorized=false`;
  expect(await mailer(url).send(mail([anna]))).toMatchObject({ accepted: [anna] });
});

test('a plain password over plain SMTP, where the server offers no more', async () => {
  const smtp = await server({}, { ...withAuth, disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
  const sender = mailer(`smtp://hooks:p%40ss%2Fword@127.0.0.1:${smtp.port}`);
  expect(await sender.send(mail([anna]))).toMatchObject({ accepted: [anna] });
});

test('a wrong password defers the mail: it can be set right', async () => {
  const smtp = await server({}, withAuth);
  const url = `smtp://hooks:wrong@127.0.0.1:${smtp.port}?tls.rejectUnauthorized=false`;
  expect(await mailer(url).send(mail([anna, bert]))).toMatchObject(deferred);
});

test("a certificate that is not the server's gets no mail", async () => {
  const smtp = await server({}, withAuth);
  const sender = mailer(`smtp://hooks:p%40ss%2Fword@127.0.0.1:${smtp.port}`);
  expect(await sender.send(mail([anna, bert]))).toMatchObject(deferred);
  expect(smtp.mails).toHaveLength(0);
});

test('what is told of a failure names no address and quotes no server', async () => {
  const smtp = await server({ refuseRecipient: () => 550 });
  expect((await mailer(smtp.url).send(mail([anna]))).reason).not.toMatch(/@|says/);
});

const [joerg, buecher, chinese] = ['jörg@example.com', 'info@bücher.example', '用户@例子.公司'];

test('international addresses get their mail from a server with SMTPUTF8, the others one that needs none', async () => {
  const smtp = await server();
  expect(await mailer(smtp.url).send(mail([anna, joerg, buecher, chinese]))).toEqual({
    accepted: [anna, buecher, joerg, chinese],
    refused: [],
    deferred: [],
    reason: null,
  });
  expect(smtp.mails.map(({ to }) => to)).toEqual([
    [anna, buecher], // as the server shows it
    [joerg, expect.stringMatching(/^用户@(例子\.公司|xn--fsqu00a\.xn--55qx5d)$/)],
  ]);
  expect(smtp.mails[0]?.raw).toContain('info@xn--bcher-kva.example'); // as it came over the wire
  expect(smtp.mails.map(({ smtpUtf8 }) => smtpUtf8)).toEqual([false, true]);
});

test('a server without SMTPUTF8 takes a domain in its ASCII form; an address that needs it is refused, which is said', async () => {
  const smtp = await server(
    { refuseRecipient: (address) => (needsSmtpUtf8(address) ? 553 : null) },
    { hideSMTPUTF8: true },
  );
  expect(await mailer(smtp.url).send(mail([anna, joerg, buecher]))).toEqual({
    accepted: [anna, buecher],
    refused: [joerg],
    deferred: [],
    reason: '553 to RCPT TO for an address that needs SMTPUTF8',
  });
  expect(smtp.mails.map(({ to }) => to)).toEqual([[anna, buecher]]);
});
