import type { SendMailOptions } from 'nodemailer';
import type { Mail } from './mailer.ts';

const senderName = 'Spark360 Events';

/** RFC 5322 §3.6.4: unique for ever. The domain says who made it unique. */
export const messageId = (id: string, from: string): string =>
  `<${id.replaceAll('/', '.')}@${from.slice(from.lastIndexOf('@') + 1)}>`;

/** A mail as nodemailer takes it. Nothing in it is read from a file or fetched. */
export const toMessage = (mail: Mail, from: string): SendMailOptions => ({
  messageId: messageId(mail.id, from),
  from: { name: senderName, address: from },
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
