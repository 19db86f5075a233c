import type { SendMailOptions } from 'nodemailer';
import type { Mail } from './mail.ts';

/**
 * The sender of mails: `events@spark360.example`,
 * or with a name before it, `Spark360 Events <events@spark360.example>`.
 */
export interface Sender {
  name: string;
  address: string;
}

export function parseSender(text: string): Sender {
  const [, name = '', address = text] = /^\s*(.*?)\s*<([^<>]+)>\s*$/.exec(text) ?? [];
  return { name: name.replace(/^"(.*)"$/, '$1'), address: address.trim() };
}

/** RFC 5322 §3.6.4: unique for ever. The domain names the system that made it unique. */
export const messageId = (id: string, { address }: Sender): string =>
  `<${id.replaceAll('/', '.')}@${address.slice(address.lastIndexOf('@') + 1)}>`;

/** A mail as nodemailer takes it. Nothing in it is read from a file or fetched. */
export const toMessage = (mail: Mail, from: Sender): SendMailOptions => ({
  messageId: messageId(mail.id, from),
  from: { ...from },
  // As objects: text would be parsed, and could be read as several addresses.
  to: mail.to.map((address) => ({ name: '', address })),
  subject: mail.subject,
  text: mail.text,
  html: mail.html,
  // RFC 3834: no vacation notice is to answer it.
  headers: { 'Auto-Submitted': 'auto-generated' },
  disableFileAccess: true,
  disableUrlAccess: true,
});
