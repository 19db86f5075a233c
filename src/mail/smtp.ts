import { createTransport } from 'nodemailer';
import { type Sender, toMessage } from './message.ts';
import { needsSmtpUtf8 } from './address.ts';
import type { Mail, Mailer, Sent } from './mail.ts';
import { afterFailure, afterSuccess, isAddress, onTheWire } from './smtp-outcome.ts';

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
    // A connection that the server closed while it was idle costs
    // one more try, not a wait; all else is Temporal's to retry.
    maxRequeues: 1,
    connectionTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.connectMs,
    dnsTimeout: timeouts.connectMs,
    socketTimeout: timeouts.silenceMs,
    // Its lines would carry addresses and the server's words.
    logger: false,
  });
  const deliver = async (mail: Mail, to: string[], signal?: AbortSignal): Promise<Sent> => {
    if (to.length === 0) return nothing;
    const given = new Map(to.map((address) => [onTheWire(address), address]));
    const message = toMessage({ ...mail, to: [...given.keys()] }, from);
    const sent = await transport
      .sendMail({ ...message, ...(signal && { signal }) })
      .then(afterSuccess, (error: unknown) => afterFailure(error, [...given.keys()]));
    const asGiven = (addresses: string[]) => addresses.map((address) => given.get(onTheWire(address)) ?? address);
    return {
      accepted: asGiven(sent.accepted),
      refused: asGiven(sent.refused),
      deferred: asGiven(sent.deferred),
      reason: sent.reason,
    };
  };
  return {
    async send(mail: Mail, signal?: AbortSignal) {
      const [wellFormed, malformed] = split(mail.to, isAddress);
      // Apart: SMTPUTF8 holds for the whole message, and a server without it would lose the mail for the others too.
      const [international, plain] = split(wellFormed, needsSmtpUtf8);
      const sent = await deliver(mail, plain, signal);
      const further = await deliver(mail, international, signal);
      const reasons = [
        malformed.length > 0 ? 'malformed address' : null,
        sent.reason,
        further.reason && `${further.reason} for an address that needs SMTPUTF8`,
      ].filter((reason) => reason !== null);
      return {
        accepted: [...sent.accepted, ...further.accepted],
        refused: [...sent.refused, ...further.refused, ...malformed],
        deferred: [...sent.deferred, ...further.deferred],
        reason: reasons.length === 0 ? null : reasons.join(', '),
      };
    },
    close: () => transport.close(),
  };
}

const nothing: Sent = { accepted: [], refused: [], deferred: [], reason: null };

function split(addresses: readonly string[], isFirst: (address: string) => boolean): [string[], string[]] {
  return [addresses.filter(isFirst), addresses.filter((address) => !isFirst(address))];
}
