import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { NewEndpoint } from '../api-types.ts';
import type { Cli } from '../cli.ts';
import { CliError, endWith, usageError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { saveProfile } from '../profiles.ts';
import type { Session } from '../session.ts';
import { forwarder } from './forward.ts';
import { watchKeys } from './keys.ts';
import { keepLease } from './lease.ts';
import { reporter } from './report.ts';
import { readRequests } from './stream.ts';
import { tap } from './tap.ts';

interface ListenOptions {
  forwardTo?: string;
  events?: string[];
  prod?: true;
  printSecret?: true;
  exitOnFail?: true;
  tap?: string;
}

/** Subscribes a listener, forwards what is sent to it, and deletes it at the end. */
export async function listen(cli: Cli, session: Session, options: ListenOptions): Promise<void> {
  const secret = await secretOf(session);
  if (options.printSecret === true) return session.out.thing({ secret }, [['secret', secret]]);
  if (options.forwardTo !== undefined) assertLocalUrl(options.forwardTo);
  let fail = (): void => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = () => reject(endWith(exitCodes.failed));
  });
  const report = reporter(session.out, () => options.exitOnFail === true && fail());
  const forward = forwarder(options.forwardTo);
  if (options.tap !== undefined) {
    await Promise.race([tap(session, { endpoint: options.tap, secret, forward, report }), failed]);
    return;
  }
  const subscribing = subscribe(session, options, secret);
  // Before the answer is there, so that a Ctrl-C until then leaves no endpoint behind.
  const remove = cli.onEnd(() => removeListener(session, subscribing));
  const { endpoint, path } = await subscribing;
  try {
    printStart(session, endpoint, options);
    watchKeys(cli, session, report);
    await Promise.race([
      keepLease(session, path),
      readRequests(session, path, async (request) => {
        const answer = await forward(request);
        await session.api.call('POST', `${path}/requests/${request.id}`, { body: answer });
        report.forwarded(request.headers, answer);
      }),
      failed,
    ]);
  } finally {
    await remove();
  }
}

/** Tells when it cannot: the endpoint then stays, and is paused when its lease is over. */
async function removeListener({ api, out }: Session, subscribing: ReturnType<typeof subscribe>): Promise<void> {
  const subscribed = await subscribing.catch(() => null);
  if (subscribed === null) return;
  try {
    await api.call('DELETE', subscribed.path);
    out.note('Deleted: what was still due there is abandoned.');
  } catch (error) {
    if (error instanceof CliError && error.exitCode === exitCodes.notFound) return;
    out.warn(`The endpoint is still there: ${(error as Error).message}`);
    out.hint(`spark360 endpoints delete ${subscribed.endpoint.id}`);
  }
}

/**
 * The same each time, so that the code under test needs it once: made when it is first needed, and kept in the profile.
 */
async function secretOf({ settings }: Session): Promise<string> {
  const known = settings.profile.listen_secret;
  if (known !== undefined) return known;
  const made = `whsec_${randomBytes(32).toString('base64')}`;
  await saveProfile(settings.configFile, settings.profileName, { listen_secret: made });
  return made;
}

async function subscribe(session: Session, { events, prod }: ListenOptions, secret: string) {
  const { api, settings } = session;
  const endpoints = await session.organizationPath('endpoints');
  const name = `${userInfo().username}@${hostname()}, profile ${settings.profileName}`;
  const endpoint = await api.call<NewEndpoint>('POST', `${endpoints}/listen`, {
    body: { name: name.slice(0, 100), events, secret, mode: prod === true ? 'prod' : 'sandbox' },
  });
  return { endpoint, path: `${endpoints}/${endpoint.id}` };
}

function printStart({ out, settings }: Session, { id, mode, events }: NewEndpoint, { forwardTo }: ListenOptions): void {
  out.note(`Listening as endpoint ${id} to ${mode} leads: ${events.join(', ')}`);
  out.note(forwardTo === undefined ? 'Nothing is forwarded: each is answered with 200.' : `Forwarding to ${forwardTo}`);
  out.note(`Signed with the secret of profile ${settings.profileName}: spark360 listen --print-secret`);
  out.hint(`spark360 trigger journey${mode === 'prod' ? ' --mode prod' : ''}`);
}

function assertLocalUrl(url: string): void {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw usageError(`--forward-to ${url}: expected a URL such as http://localhost:3000/webhooks.`);
  }
}
