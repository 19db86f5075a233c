import { spawn, spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { publish } from '../http/partner.ts';
import { buildServiceOnce } from '../support/built-service.ts';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import { startReceiver } from '../support/receiver.ts';
import { atAPartner } from './at-a-partner.ts';
import { startStubApi } from './stub-api.ts';

const at = atAPartner();

/** Runs a command at a terminal of its own, by util-linux's `script`. */
function atTerminal(args: string[], environment: Record<string, string> = { SPARK360_API_KEY: at.key }) {
  const program = buildServiceOnce().role('spark360');
  const child = spawn(
    'script',
    ['-qefc', `stty cols 120 rows 40; ${process.execPath} ${program} ${args.join(' ')}`, '/dev/null'],
    {
      cwd: at.person.home,
      env: {
        PATH: process.env.PATH,
        HOME: at.person.home,
        TERM: 'xterm',
        SPARK360_API_URL: at.api.url,
        ...environment,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (screen += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    screen: () => screen,
    shows: (text: string | RegExp) => eventually(() => expect(screen).toMatch(text)),
    type: (text: string) => child.stdin.write(text),
    /** The terminal is gone from one moment to the next. */
    close: () => child.kill('SIGKILL'),
    ended,
  };
}

const hasScript = spawnSync('script', ['--version']).status === 0;
const atTerminals = hasScript ? test : test.skip;

atTerminals('what cannot be undone is asked for: no ends it with 130, yes does it', async () => {
  const refused = atTerminal(['endpoints', 'delete', at.partner.endpoint]);
  await refused.shows('Delete it?');
  expect(refused.screen()).toContain('abandons its unsettled deliveries: 0.');
  refused.type('n');
  expect(await refused.ended).toBe(130);
  expect((await at.api.call('GET', at.partner.endpointPath)).status).toBe(200);
  const agreed = atTerminal(['endpoints', 'delete', at.partner.endpoint]);
  await agreed.shows('Delete it?');
  agreed.type('y');
  expect(await agreed.ended).toBe(0);
  expect((await at.api.call('GET', at.partner.endpointPath)).status).toBe(404);
});

atTerminals('--no-input asks nothing, also at a terminal', async () => {
  const refused = atTerminal(['endpoints', 'delete', at.partner.endpoint, '--no-input']);
  expect(await refused.ended).toBe(2);
  expect(refused.screen()).toContain('Say --yes');
});

atTerminals('colors are for terminals, and not with NO_COLOR or --no-color', async () => {
  const bold = '\u001b[1m';
  const colored = atTerminal(['endpoints', 'list']);
  await colored.ended;
  expect(colored.screen()).toContain(bold);
  const without = atTerminal(['endpoints', 'list'], { SPARK360_API_KEY: at.key, NO_COLOR: '1' });
  await without.ended;
  const flagged = atTerminal(['endpoints', 'list', '--no-color']);
  await flagged.ended;
  expect(without.screen() + flagged.screen()).not.toContain(bold);
});

atTerminals('colors of errors are for a stderr that is a terminal, and not with --no-color', async () => {
  const red = '\u001b[31m';
  const unknown = ['endpoints', 'show', '24fbef40-6b30-4a59-88b8-41622b2494df'];
  const toFile = atTerminal([...unknown, '>', '/dev/null']);
  await toFile.ended;
  expect(toFile.screen()).toContain(`${red}Error:`);
  const flagged = atTerminal([...unknown, '--no-color']);
  await flagged.ended;
  expect(flagged.screen()).toContain('Error:');
  expect(flagged.screen()).not.toContain(red);
});

atTerminals('at a progress bar Ctrl-C is exit code 130, and other keys change nothing', async () => {
  let looks = 0;
  const api = await startStubApi(() => {
    looks += 1;
    return { body: { id: 'a-job', status: 'running', count: 1_000, delivered: looks, abandoned: 0 } };
  });
  const environment = { SPARK360_API_URL: api.url, SPARK360_ORGANIZATION: 'an-organization', SPARK360_API_KEY: at.key };
  const watching = atTerminal(['jobs', 'watch', 'a-job'], environment);
  await watching.shows(/\[\.+\] 1 of 1000 settled/);
  watching.type('\u001b');
  await watching.shows('3 of 1000 settled');
  watching.type('\u0003');
  expect(await watching.ended).toBe(130);
  await api.close();
});

atTerminals('login asks for the at.key and does not show it', async () => {
  const login = atTerminal(['login'], {});
  await login.shows('API key');
  login.type(`${at.key}\r`);
  expect(await login.ended).toBe(0);
  expect(login.screen()).not.toContain(at.key);
  expect(
    (await at.person.run(['whoami', '--json'], { environment: { SPARK360_API_KEY: undefined } })).json,
  ).toMatchObject({ key_source: 'profile' });
});

atTerminals('listen: r sends the last one again, Ctrl-C deletes the endpoint', async () => {
  const local = await startReceiver();
  const listener = atTerminal(['listen', '--forward-to', local.url]);
  await listener.shows('Keys: r sends');
  listener.type('r');
  await listener.shows('Nothing has arrived yet.');
  const lead = aLead(at.partner.organization, { mode: 'sandbox' });
  await publish(at.api, lead.created(), lead.personal({ enriched: true }));
  await listener.shows(/lead\.enriched +#1 +attempt 1/);
  listener.type('r');
  await listener.shows(/lead\.enriched +#1 +resend/);
  expect(local.requests.map(({ headers }) => headers['x-spark360-resend'])).toEqual([undefined, 'true']);
  listener.type('\u0003');
  expect(await listener.ended).toBe(130);
  const { body } = await at.api.call('GET', `${at.partner.path}/endpoints`);
  expect(body.data.map(({ kind }: { kind: string }) => kind)).toEqual(['webhook']);
  await local.close();
});

atTerminals('listen: a terminal that is closed deletes the endpoint', async () => {
  const listener = atTerminal(['listen']);
  await listener.shows('Keys: r sends');
  listener.close();
  await eventually(async () => {
    const { body } = await at.api.call('GET', `${at.partner.path}/endpoints`);
    expect(body.data.map(({ kind }: { kind: string }) => kind)).toEqual(['webhook']);
  });
});
