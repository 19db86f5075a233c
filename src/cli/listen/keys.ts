import type { Cli } from '../cli.ts';
import { consoleUrl } from '../console-url.ts';
import { mayAsk, type Session } from '../session.ts';
import type { Reporter } from './report.ts';

/** Keys at a terminal: `r` sends the last delivery again, `o` opens it in the console, `q` ends. */
export function watchKeys(cli: Cli, session: Session, report: Reporter): void {
  const { context, options, out } = session;
  const stdin = context.stdin as NodeJS.ReadStream;
  if (!mayAsk(context, options)) return;
  stdin.setRawMode(true);
  stdin.resume();
  cli.onEnd(async () => void stdin.setRawMode(false));
  // The terminal was closed.
  stdin.once('error', () => cli.interrupt());
  stdin.on('data', (data: Buffer) => {
    // In raw mode Ctrl-C is a key like any other.
    if (data[0] === 3 || data.toString() === 'q') return cli.interrupt();
    const act = actions[data.toString()];
    const delivery = report.lastDelivery();
    if (act === undefined) return;
    if (delivery === null) return out.note('Nothing has arrived yet.');
    act(session, delivery).catch((error: Error) => out.note(error.message));
  });
  out.note('Keys: r sends the last one again, o opens it in the console, q ends.');
}

const actions: Record<string, (session: Session, delivery: string) => Promise<void>> = {
  async r({ api, organizationPath }, delivery) {
    await api.call('POST', await organizationPath('deliveries', delivery, 'resend'));
  },
  async o(session, delivery) {
    const { openInBrowser } = await import('../browser.ts');
    await openInBrowser(await consoleUrl(session, `deliveries/${delivery}`));
  },
};
