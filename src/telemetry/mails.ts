import type { Counter } from 'prom-client';
import type { Mailer } from '../mail/mail.ts';
import { notWanted } from '../mail/no-server.ts';

/** A mailer that counts what became of each mail, recipient by recipient. Where no mails are wanted none fails. */
export const observeMails = (mailer: Mailer, mails: Counter<'outcome'>): Mailer => ({
  ...mailer,
  async send(mail, signal) {
    const sent = await mailer.send(mail, signal);
    if (sent.reason === notWanted) return sent;
    for (const outcome of ['accepted', 'refused', 'deferred'] as const) mails.inc({ outcome }, sent[outcome].length);
    return sent;
  },
});
