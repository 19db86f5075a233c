import { isIP } from 'node:net';
import { endpointUrls } from '../db/orphans.ts';
import { verifySmtp } from '../mail/verify-smtp.ts';
import { type Check, failed, ok, warning } from './check.ts';

export const mailCheck: Check = {
  name: 'mail',
  needs: [],
  remedy: 'Check SMTP_URL: host, port, credentials, and that this host may connect to it.',
  async run({ config }) {
    if (config.smtpUrl !== undefined) {
      await verifySmtp(config.smtpUrl);
      return ok('The mail server takes a connection and the credentials.');
    }
    const detail = 'SMTP_URL is not set: mails are kept under DATA_DIR/mails.';
    return config.nodeEnv === 'production'
      ? warning(detail, 'Set SMTP_URL, or nobody hears of a failing endpoint.')
      : ok(detail);
  },
};

const mostNames = 200;

/** The names of partners' endpoints, as an attempt resolves them. */
export const namesCheck: Check = {
  name: 'names',
  needs: ['schema'],
  remedy: 'Check the name servers in /etc/resolv.conf of this host.',
  async run({ db, resolve }) {
    const urls = await endpointUrls(db, 1_000);
    const hosts = [...new Set(urls.map((url) => new URL(url).hostname))].filter(
      (host) => isIP(host.replace(/[[\]]/g, '')) === 0,
    );
    const names = hosts.slice(0, mostNames);
    const answers = await Promise.allSettled(names.map(async (name) => (await resolve(name)).length > 0));
    const lost = names.filter((_, index) => {
      const answer = answers[index];
      return answer?.status !== 'fulfilled' || !answer.value;
    });
    if (lost.length === 0) return ok(`${names.length} names of active endpoints resolve.`);
    const shown = lost.slice(0, 10).join(', ');
    if (lost.length === names.length && names.length > 1) {
      return failed(
        `None of ${names.length} names of endpoints resolves.`,
        'Check the name servers in /etc/resolv.conf of this host.',
      );
    }
    return warning(
      `${lost.length} of ${names.length} names of endpoints do not resolve: ${shown}.`,
      'Tell the partners: what is due there is retried, then abandoned.',
    );
  },
};

const oldestSeconds = 60;

export const outboxCheck: Check = {
  name: 'outbox',
  needs: ['schema'],
  remedy: 'Check OUTBOX_DATABASE_URL, and that the outbox was made there (docs/outbox.md).',
  async run({ outbox }) {
    const { pending, oldestPendingSeconds, stuck, deadLetters } = await outbox.counts();
    const seen = `${pending} rows wait, the oldest for ${Math.round(oldestPendingSeconds)} s; ${stuck} cannot be relayed, ${deadLetters} dead letters.`;
    if (stuck > 0) return failed(seen, 'select * from spark360.outbox_stuck says why; each holds its own lead back.');
    if (oldestPendingSeconds > oldestSeconds) return failed(seen, 'Start a relay: spark360 relay.');
    if (deadLetters > 0) return warning(seen, 'spark360 dead-letters list; each is replayed once its cause is mended.');
    return ok(seen);
  },
};
