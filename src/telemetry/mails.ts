import type { Counter } from 'prom-client';
import type { Mailer } from '../mail/mail.ts';

/** A mailer that counts what became of each mail, recipient by recipient. */
export const observeMails = (mailer: Mailer, mails: Counter<'outcome'>): Mailer => ({
  ...mailer,
  async send(mail, signal) {
    const sent = await mailer.send(mail, signal);
    for (const outcome of ['accepted', 'refused', 'deferred'] as const) mails.inc({ outcome }, sent[outcome].length);
    return sent;
  },
});
