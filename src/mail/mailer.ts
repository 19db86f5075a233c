import type { Log } from '../telemetry/log.ts';
import { type CapturedMail, captureMails } from './capture.ts';
import { parseSender } from './message.ts';
import type { RenderedMail } from './render.ts';
import { deferMails, refuseMails } from './no-server.ts';
import { type SmtpTimeouts, smtpSend } from './smtp.ts';

export interface Mail extends RenderedMail {
  /** What the mail is about, once for ever: its Message-ID is made of it, so that a repeat after a crash can be recognized. */
  id: string;
  to: readonly string[];
}

/** What became of a mail for each of its recipients. What the server answers is a value; it never throws for it. */
export interface Sent {
  accepted: string[];
  /** Refused for good: trying again would change nothing. */
  refused: string[];
  /** Not now. */
  deferred: string[];
  /** Why some were deferred or refused: codes only, since servers quote addresses in their words. Null when all were accepted. */
  reason: string | null;
}

export interface Mailer {
  /** @param signal ends the sending early; the recipients are deferred then */
  send(mail: Mail, signal?: AbortSignal): Promise<Sent>;
  /** The newest mails that were kept here instead of being sent, oldest first; empty where there is a mail server. */
  captured(): readonly CapturedMail[];
  /** Ends idle connections at once, and one that is sending when it has sent. */
  close(): void;
}

export interface MailerOptions {
  /**
   * smtp:// (with STARTTLS where the server offers it) or smtps://, credentials and further options in it; `none`: mails are
   * not wanted. Absent: mails are kept under `dataDir`, or in production stay due.
   */
  smtpUrl?: string | undefined;
  isProduction?: boolean;
  /** Address, or name and address: `Spark360 Events <events@spark360.example>`. */
  from: string;
  dataDir: string;
  log: Log;
  timeouts?: SmtpTimeouts;
}

/** Sends mails over SMTP, or, without a mail server, keeps them where a developer can look at them. */
export function createMailer({ smtpUrl, from, dataDir, log, timeouts, isProduction }: MailerOptions): Mailer {
  const sender = parseSender(from);
  if (smtpUrl === 'none') return refuseMails(log);
  if (smtpUrl === undefined && isProduction === true) return deferMails(log);
  if (smtpUrl === undefined) return captureMails({ from: sender, dataDir, log });
  return { ...smtpSend({ smtpUrl, from: sender, ...(timeouts && { timeouts }) }), captured: () => [] };
}
