import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createTransport } from 'nodemailer';
import type { Log } from '../log.ts';
import type { CapturedMail, Mailer } from './mail.ts';
import { messageId, type Sender, toMessage } from './message.ts';

/** In memory and on disk: enough to look at, and bounded. */
const maxKept = 200;

/**
 * Keeps mails as `.eml` files in `dataDir/mails`, and the newest of this process in memory: for development, where no
 * mail server is.
 */
export function captureMails({ from, dataDir, log }: { from: Sender; dataDir: string; log: Log }): Mailer {
  const folder = resolve(dataDir, 'mails');
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows', logger: false });
  const kept: CapturedMail[] = [];
  log.info({ folder }, 'no SMTP_URL: mails are kept as files, not sent');
  return {
    async send(mail) {
      const { message } = await transport.sendMail(toMessage(mail, from));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Named by what it is about: a repeat replaces it.
      const file = join(folder, `${mail.id.replaceAll(/[^\w.-]/g, '.')}.eml`);
      await writeFile(file, message, { mode: 0o600 });
      await removeOldest(folder);
      const repeated = kept.findIndex(({ id }) => id === mail.id);
      if (repeated !== -1) kept.splice(repeated, 1);
      kept.push({ ...mail, to: [...mail.to], messageId: messageId(mail.id, from), at: new Date(), file });
      if (kept.length > maxKept) kept.shift();
      log.info({ file }, 'mail kept');
      return { accepted: [...mail.to], refused: [], deferred: [], reason: null };
    },
    captured: () => kept,
    close: () => transport.close(),
  };
}

async function removeOldest(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.eml'));
  if (names.length <= maxKept) return;
  const files = await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), writtenAt: (await stat(join(folder, name))).mtimeMs })),
  );
  files.sort((a, b) => a.writtenAt - b.writtenAt);
  for (const { path } of files.slice(0, files.length - maxKept)) await rm(path, { force: true });
}
