import type { SMTPPoolSentMessageInfo } from 'nodemailer';
import type { Sent } from './mailer.ts';

/** What nodemailer's errors carry, of what we read. */
interface SmtpError {
  code?: unknown;
  /** The three digits of the server's answer. */
  responseCode?: unknown;
  /** What the server answered to. */
  command?: unknown;
  /** Of a refused recipient. */
  recipient?: unknown;
  /** Of a message that no recipient was accepted for. */
  rejectedErrors?: readonly SmtpError[];
}

/** An address that cannot be put into the SMTP dialogue would fail the mail for everybody else, too. */
export const isAddress = (text: string): boolean => /^[^\s<>@\p{Cc}][^\s<>\p{Cc}]*@[^\s<>@\p{Cc}]+$/u.test(text);

/** The server took the message; some recipients it may have refused before. */
export function afterSuccess(info: SMTPPoolSentMessageInfo): Sent {
  const errors = (info.rejectedErrors ?? []) as readonly SmtpError[];
  return { accepted: info.accepted.map(addressOf), ...split(errors), reason: reasonOf(errors) };
}

/**
 * The server took nothing. What it refuses by itself is decided recipient by recipient; the message refused as a whole
 * (5xx after its data) is refused for everybody. All else passes or can be corrected, so the mail is worth keeping: a
 * server that is away, a 4xx, and a 5xx about ourselves (sender, password, TLS).
 */
export function afterFailure(error: unknown, to: readonly string[]): Sent {
  const failure = (typeof error === 'object' && error !== null ? error : {}) as SmtpError;
  const errors = failure.rejectedErrors ?? [];
  if (failure.command === 'RCPT TO' && errors.length > 0) {
    return { accepted: [], ...split(errors), reason: reasonOf(errors) };
  }
  const own = split(errors);
  const others = to.filter((address) => !own.refused.includes(address) && !own.deferred.includes(address));
  const isRefused = failure.command === 'DATA' && isPermanent(failure);
  return {
    accepted: [],
    refused: isRefused ? [...own.refused, ...others] : own.refused,
    deferred: isRefused ? own.deferred : [...own.deferred, ...others],
    reason: reasonOf([failure, ...errors]),
  };
}

function split(errors: readonly SmtpError[]): Pick<Sent, 'refused' | 'deferred'> {
  const addresses = (some: readonly SmtpError[]) => some.map(({ recipient }) => String(recipient));
  return {
    refused: addresses(errors.filter(isPermanent)),
    deferred: addresses(errors.filter((error) => !isPermanent(error))),
  };
}

/** RFC 5321 §4.2.1: 5yz is a permanent negative answer. */
const isPermanent = ({ responseCode }: SmtpError): boolean => typeof responseCode === 'number' && responseCode >= 500;

/** Codes and verbs of the protocol, which name nobody. */
function reasonOf(errors: readonly SmtpError[]): string | null {
  const parts = errors.map(({ code, responseCode, command }) =>
    typeof responseCode === 'number' ? `${responseCode} to ${String(command)}` : String(code ?? 'unknown'),
  );
  return parts.length === 0 ? null : [...new Set(parts)].join(', ');
}

const addressOf = (recipient: string | { address: string }): string =>
  typeof recipient === 'string' ? recipient : recipient.address;
