import type { Log } from '../log.ts';
import type { Mailer } from './mail.ts';

/**
 * In production without `SMTP_URL`: each mail stays due, is tried again, and goes out when a process has it. Not kept
 * as files: a container's folder may not be writable, is gone with it, and no operator looks into it.
 */
export function deferMails(log: Log): Mailer {
  log.error(
    'SMTP_URL is not set: NO MAIL IS SENT. Warnings about failing endpoints and digests stay due until it is. Set it, or SMTP_URL=none to do without mails.',
  );
  return {
    send: async ({ to }) => ({ accepted: [], refused: [], deferred: [...to], reason: 'SMTP_URL is not set' }),
    captured: () => [],
    close: () => undefined,
  };
}

/** The reason of what is refused because no mail is wanted. */
export const notWanted = 'SMTP_URL is none';

/** `SMTP_URL=none`: an operator's word that mails are not wanted, so none is kept or tried again. */
export function refuseMails(log: Log): Mailer {
  log.warn('SMTP_URL is none: no mail is sent');
  return {
    send: async ({ to }) => ({ accepted: [], refused: [...to], deferred: [], reason: notWanted }),
    captured: () => [],
    close: () => undefined,
  };
}
