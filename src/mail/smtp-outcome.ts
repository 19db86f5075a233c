import { domainToASCII } from 'node:url';
import type { SMTPPoolSentMessageInfo } from 'nodemailer';
import type { Sent } from './mail.ts';

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

/** An address that cannot be put into the SMTP dialogue would fail the mail for all other recipients too. */
export const isAddress = (text: string): boolean => /^[^\s<>@\p{Cc}][^\s<>\p{Cc}]*@[^\s<>@\p{Cc}]+$/u.test(text);

/** The address as SMTP carries it, and as it comes back with the answers: the domain in ASCII and lower case. */
export function onTheWire(address: string): string {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  return `${address.slice(0, at)}@${domainToASCII(domain) || domain}`;
}

/** The server took the message; some recipients it may have refused before. */
export function afterSuccess(info: SMTPPoolSentMessageInfo): Sent {
  const errors = (info.rejectedErrors ?? []) as readonly SmtpError[];
  return { accepted: info.accepted.map(addressOf), ...split(errors), reason: reasonOf(errors) };
}

/**
 * The server took nothing. A recipient that it refused is refused; so are all, when it refused the message (5xx after
 * its data). After anything else the mail is tried again: a server that is away, a 4xx, a 5xx about our sender or
 * password.
 */
export function afterFailure(error: unknown, to: readonly string[]): Sent {
  const failure = (typeof error === 'object' && error !== null ? error : {}) as SmtpError;
  const refusals = failure.rejectedErrors ?? [];
  if (refusals.length > 0) return { accepted: [], ...split(refusals), reason: reasonOf(refusals) };
  const isFinal = failure.command === 'DATA' && isPermanent(failure);
  return {
    accepted: [],
    refused: isFinal ? [...to] : [],
    deferred: isFinal ? [] : [...to],
    reason: reasonOf([failure]),
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

/** Codes and verbs of the protocol, which hold no personal data. */
function reasonOf(errors: readonly SmtpError[]): string | null {
  const parts = errors.map(({ code, responseCode, command }) =>
    typeof responseCode === 'number' ? `${responseCode} to ${String(command)}` : String(code ?? 'unknown'),
  );
  return parts.length === 0 ? null : [...new Set(parts)].join(', ');
}

const addressOf = (recipient: string | { address: string }): string =>
  typeof recipient === 'string' ? recipient : recipient.address;
