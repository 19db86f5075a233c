import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** One message as a mail server took it. */
export interface ReceivedMail {
  /** Of the envelope: who really gets it. */
  to: string[];
  /** When its data had come, epoch milliseconds. */
  at: number;
  /** The client asked for SMTPUTF8 (RFC 6531). */
  smtpUtf8: boolean;
  raw: string;
  parsed: ParsedMail;
}

export interface SmtpBehaviour {
  /** Before the greeting. */
  greetingDelayMs?: number;
  /** Between the message's end and the answer to it. */
  answerDelayMs?: number;
  /** What that answer waits for. */
  answersAfter?: Promise<void>;
  /** A status code to refuse the sender with. */
  refuseSender?: (address: string) => number | null;
  /** A status code to refuse a recipient with; servers quote the address in their words, and so does this one. */
  refuseRecipient?: (address: string) => number | null;
  /** A status code to refuse the whole message with, after its data. */
  refuseMessage?: () => number | null;
}

export interface SmtpServer {
  port: number;
  /** smtp://127.0.0.1:port */
  url: string;
  mails: ReceivedMail[];
  /** Connections made so far. */
  readonly connections: number;
  /** Messages whose data has begun to come and that are not answered yet. */
  readonly taking: number;
  behave(next: SmtpBehaviour): void;
  close(): Promise<void>;
}

const refusal = (responseCode: number, address = ''): Error =>
  Object.assign(new Error(`no <${address}> here, says the server`), { responseCode });

/** A real SMTP server on loopback; port 0 is any free one. */
export async function startSmtp(
  first: SmtpBehaviour = {},
  { port = 0, ...options }: SMTPServerOptions & { port?: number } = {},
): Promise<SmtpServer> {
  let behaviour = first;
  let connections = 0;
  let taking = 0;
  const mails: ReceivedMail[] = [];
  const answer = (code: number | null | undefined, address: string, done: (error?: Error) => void) =>
    code ? done(refusal(code, address)) : done();
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    authOptional: true,
    closeTimeout: 200,
    ...options,
    onConnect: (_session, done) => {
      connections += 1;
      setTimeout(done, behaviour.greetingDelayMs ?? 0);
    },
    onMailFrom: ({ address }, _session, done) => answer(behaviour.refuseSender?.(address), address, done),
    onRcptTo: ({ address }, _session, done) => answer(behaviour.refuseRecipient?.(address), address, done),
    onData: (stream, session, done) => {
      taking += 1;
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        await sleep(behaviour.answerDelayMs ?? 0);
        await behaviour.answersAfter;
        const code = behaviour.refuseMessage?.();
        if (code) throw refusal(code);
        const at = Date.now();
        const raw = Buffer.concat(chunks);
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({
          ...{ to, at },
          smtpUtf8: session.envelope.smtpUtf8 === true,
          raw: raw.toString('utf8'),
          parsed: await simpleParser(raw),
        });
      })()
        .then(
          () => done(),
          (error: Error) => done(error),
        )
        .finally(() => {
          taking -= 1;
        });
    },
  });
  // A client that hangs up is part of some tests.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const actual = (server.server.address() as AddressInfo).port;
  return {
    port: actual,
    url: `smtp://127.0.0.1:${actual}`,
    mails,
    get connections() {
      return connections;
    },
    get taking() {
      return taking;
    },
    behave: (next) => {
      behaviour = next;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
