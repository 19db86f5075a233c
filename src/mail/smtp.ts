import { createTransport } from 'nodemailer';
import { type Sender, toMessage } from './message.ts';
import type { Mail, Mailer } from './mailer.ts';
import { afterFailure, afterSuccess, isAddress, onTheWire } from './answers.ts';

export interface SmtpTimeouts {
  /** From the name's lookup to the server's greeting. */
  connectMs: number;
  /** Without a word from the server, at any later point. */
  silenceMs: number;
}

/**
 * RFC 5321 §4.5.3.2 allows a server ten minutes for its last word on a message. Hanging up earlier would send the mail
 * twice, once through a slow server and once more; waiting holds up nothing but mails.
 */
const patient: SmtpTimeouts = { connectMs: 60_000, silenceMs: 10 * 60_000 };

/** Connections to the mail server at a time, in each process. */
export const maxConnections = 5;

/** Sends over SMTP with a pool of connections. */
export function smtpSend({
  smtpUrl,
  from,
  timeouts = patient,
}: {
  smtpUrl: string;
  from: Sender;
  timeouts?: SmtpTimeouts;
}): Pick<Mailer, 'send' | 'close'> {
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections,
    // A connection that the server closed while it was idle costs one more try, not a wait; all else is Temporal's to retry.
    maxRequeues: 1,
    connectionTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.connectMs,
    dnsTimeout: timeouts.connectMs,
    socketTimeout: timeouts.silenceMs,
    // Its lines would carry addresses and the server's words.
    logger: false,
  });
  return {
    async send(mail: Mail, signal?: AbortSignal) {
      const malformed = mail.to.filter((address) => !isAddress(address));
      const given = new Map(mail.to.filter(isAddress).map((address) => [onTheWire(address), address]));
      const to = [...given.keys()];
      if (to.length === 0) return { accepted: [], refused: malformed, deferred: [], reason: 'malformed address' };
      const sent = await transport
        .sendMail({ ...toMessage({ ...mail, to }, from), ...(signal && { signal }) })
        .then(afterSuccess, (error: unknown) => afterFailure(error, to));
      const asGiven = (addresses: string[]) => addresses.map((address) => given.get(address) ?? address);
      return {
        accepted: asGiven(sent.accepted),
        refused: [...asGiven(sent.refused), ...malformed],
        deferred: asGiven(sent.deferred),
        reason: sent.reason,
      };
    },
    close: () => transport.close(),
  };
}
