import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { quietPort } from '../support/quiet-port.ts';
import { builtTree } from './built-tree.ts';
import { demoWebhooks, isRunning, npmStart, pidOf, type Started } from './started.ts';

/** Long enough to build where `dist` is old, and to build Temporal where nothing else gives it. */
const firstStartMs = 600_000;
const laterStartMs = 60_000;

let home: string;
let checkout: string;
let dataDir: string;
let variables: { DATA_DIR: string; PORT: string };

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'spark360-smoke-'));
  checkout = join(home, 'checkout');
  dataDir = join(home, 'data');
  variables = { DATA_DIR: dataDir, PORT: `${await quietPort()}` };
  builtTree(checkout);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const readyz = async (): Promise<number> => (await fetch(`http://127.0.0.1:${variables.PORT}/readyz`)).status;
const deliveries = async (): Promise<{ event: string; status: string }[]> => {
  const key = readFileSync(join(dataDir, 'keys', 'admin-api-key'), 'utf8').trim();
  const url = `http://127.0.0.1:${variables.PORT}/v1/organizations/de300000-0000-4000-8000-000000000001/deliveries`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
  return ((await response.json()) as { data: { event: string; status: string }[] }).data;
};

test(
  'npm start shows the four webhooks of the demo, signed and in order, and SIGTERM ends all of it with exit code 0',
  async () => {
    const started = npmStart(checkout, variables);
    await started.says('Serving until Ctrl-C', firstStartMs);
    expect(started.webhooks()).toEqual(demoWebhooks);
    expect(started.output()).toMatch(
      /Its workflow: http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/lead%2F/,
    );

    const pids = [pidOf(dataDir), pidOf(dataDir, 'postgres'), pidOf(dataDir, 'temporal')];
    expect(await started.end('SIGTERM')).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
  },
  firstStartMs + 30_000,
);

/** The second start: three tests in a row look at it. */
let running: Started;

test(
  'a second start finds everything again, without a demo when told so',
  async () => {
    running = npmStart(checkout, variables, '--no-demo');
    await running.says('API http', laterStartMs);
    expect(await deliveries()).toHaveLength(4);
    expect(running.output()).not.toContain('Demo:');
  },
  laterStartMs,
);

test('a port in use is named, with the variable to set, and so is every wrong variable', async () => {
  const second = npmStart(checkout, { ...variables, DATA_DIR: join(home, 'other') }, '--no-demo');
  expect(await second.exit).toBe(1);
  expect(second.output()).toContain(`Port ${variables.PORT} of 127.0.0.1 is in use`);
  expect(second.output()).toContain('set PORT');

  const wrong = npmStart(checkout, { ...variables, ATTEMPT_TIMEOUT: 'soon', RETENTION_DAYS: '-1' });
  expect(await wrong.exit).toBe(1);
  expect(wrong.output()).toMatch(/ATTEMPT_TIMEOUT: expected a duration[\s\S]*RETENTION_DAYS: expected a whole number/);
});

test(
  'after a kill -9 nothing is left that blocks the next start; a killed server beneath a running service is started again',
  async () => {
    process.kill(pidOf(dataDir), 'SIGKILL');
    await running.exit;

    const next = npmStart(checkout, variables, '--no-demo');
    await next.says('API http', laterStartMs);
    expect(await deliveries()).toHaveLength(4);

    for (const part of ['postgres', 'temporal']) process.kill(pidOf(dataDir, part), 'SIGKILL');
    await next.says('Postgres ended by itself');
    await next.says('Temporal ended by itself');
    await eventually(async () => expect(await readyz()).toBe(200), laterStartMs);
    expect(await next.end('SIGINT')).toBe(0);
  },
  laterStartMs * 2,
);

/**
 * What a developer's shell may hold for other programs: proxies that are not there, and settings of other databases.
 */
const shell = {
  ...Object.fromEntries(
    ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'grpc_proxy'].map((name) => [
      name,
      'http://127.0.0.1:9',
    ]),
  ),
  no_grpc_proxy: 'example.com',
  NODE_USE_ENV_PROXY: '1',
  PGHOST: 'nowhere.invalid',
  PGPORT: '1',
  PGUSER: 'somebody',
  PGPASSWORD: 'wrong',
  PGDATABASE: 'other',
  PGSERVICE: 'none',
  PGSSLMODE: 'require',
  PGSSLROOTCERT: '/nowhere',
  PGSSLNEGOTIATION: 'direct',
  PGOPTIONS: '-c search_path=nowhere',
  PGDATESTYLE: 'German',
  PGCLIENTENCODING: 'LATIN1',
  PGBINARY: '1',
  NODE_PG_FORCE_NATIVE: '1',
  TEMPORAL_ENV: 'prod',
  TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml',
  LC_ALL: 'xx_XX',
  TZ: 'Asia/Tokyo',
};

test(
  'proxies, PGSSLMODE and what else a shell holds for other programs do not keep npm start from its own servers',
  async () => {
    const cache = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME || join(homedir(), '.cache') };
    const started = npmStart(checkout, { ...variables, DATA_DIR: join(home, 'shell'), ...cache, ...shell });
    await started.says('Demo: 4 webhooks, in order, signatures verified', laterStartMs);
    expect(await started.end('SIGTERM')).toBe(0);
  },
  laterStartMs,
);

test.each([
  ['DATA_DIR', { DATA_DIR: '/dev/null/data' }],
  ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/dev/null', PATH: `${dirname(process.execPath)}:/usr/bin:/bin` }],
])('a folder that cannot be written is named, and that %s sets it', async (variable, own) => {
  const started = npmStart(checkout, { ...variables, DATA_DIR: join(home, 'unwritten'), ...own }, '--no-demo');
  expect(await started.exit).toBe(1);
  expect(started.output()).toMatch(new RegExp(`/dev/null/\\S* cannot be written \\(ENOTDIR\\)\\. Set ${variable} `));
});
