import type { Log } from '../log.ts';
import { captureMails } from './capture.ts';
import type { Mailer } from './mail.ts';
import { parseSender } from './message.ts';
import { deferMails, refuseMails } from './no-server.ts';
import { type SmtpTimeouts, smtpSend } from './smtp.ts';

export interface MailerOptions {
  /**
   * smtp:// (with STARTTLS where the server offers it) or smtps://, credentials and further options in it; `none`:
   * mails are not wanted. Absent: mails are kept under `dataDir`, or in production stay due.
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
