import { setTimeout as wait } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Notices } from '../src/db/notices.ts';
import type { Mailer } from '../src/mail/mail.ts';
import type { RenderedMail } from '../src/mail/render.ts';
import type { Log } from '../src/log.ts';

export interface SendMailDeps {
  notices: Notices;
  mailer: Mailer;
  log: Log;
  /** Mails that one organization gets on a day (UTC), over all its addresses. */
  maxDailyMails: number;
}

/**
 * The mail server did not take the mail, or not for every recipient:
 * it is tried again. Says codes only, never an address.
 */
class MailDeferredError extends Error {
  override readonly name = 'MailDeferredError';
}

/** How often a waiting activity says that it lives (milliseconds); well inside its heartbeat timeout. */
const heartbeatMs = 5_000;
/** How long the answer of the mail server is kept in memory for a database that is away (milliseconds). */
const recordingPatienceMs = 60_000;

/**
 * Brings a mail to those of `recipients` that do not have it yet, and remembers which have. Throws `MailDeferredError`
 * when some are to be tried again: Temporal's policy does that, and the next try leaves the others alone. A process
 * that is killed between the server's yes and the remembering sends again, with the same Message-ID. Beyond
 * `maxDailyMails` a mail is dropped: an organization chooses the addresses and also makes the failures.
 */
export async function sendMail(
  { notices, mailer, log, maxDailyMails }: SendMailDeps,
  organizationId: string,
  id: string,
  recipients: readonly string[],
  mail: RenderedMail,
): Promise<void> {
  const unsettled = await notices.unsettled(id, recipients);
  if (unsettled.length === 0) return;
  const to = unsettled.slice(0, await notices.mailsLeft(organizationId, maxDailyMails));
  const dropped = unsettled.length - to.length;
  if (dropped > 0)
    log.warn({ mail: id, organization_id: organizationId, dropped }, 'mail dropped: MAX_DAILY_MAILS reached');
  if (to.length === 0) return;
  const sent = await beating(async () => {
    const answer = await mailer.send({ ...mail, id, to }, Context.current().cancellationSignal);
    await persistently(() => notices.settle(organizationId, id, answer));
    return answer;
  });
  const line = {
    mail: id,
    accepted: sent.accepted.length,
    refused: sent.refused.length,
    deferred: sent.deferred.length,
    reason: sent.reason,
  };
  if (sent.reason === null) log.info(line, 'mail');
  else log.warn(line, 'mail');
  if (sent.deferred.length > 0) throw new MailDeferredError(sent.reason ?? 'deferred');
}

/** Runs `work` while telling the server that this process lives, so that a killed one is noticed. */
async function beating<Result>(work: () => Promise<Result>): Promise<Result> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Forgetting whom a mail has reached means sending it again. */
async function persistently(record: () => Promise<unknown>): Promise<void> {
  const giveUpAt = performance.now() + recordingPatienceMs;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      await record();
      return;
    } catch (error) {
      if (performance.now() + pauseMs > giveUpAt) throw error;
      await wait(pauseMs);
    }
  }
}
