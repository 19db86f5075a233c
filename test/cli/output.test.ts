import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { buildServiceOnce } from '../support/built-service.ts';
import { Person } from './spark360.ts';
import { away, startStubApi, type StubAnswer, type StubApi } from './stub-api.ts';

let person: Person;
let api: StubApi;
beforeEach(() => {
  person = new Person({ SPARK360_API_KEY: 'sk_org_of_the_tests', SPARK360_ORGANIZATION: 'an-organization' });
});
afterEach(async () => {
  person.forget();
  await api.close();
});

const start = async (answer: (call: string) => StubAnswer) => {
  api = await startStubApi(answer);
  return (...args: string[]) => person.run(args, { environment: { SPARK360_API_URL: api.url } });
};

test('a document that is larger than a pipe holds arrives whole, however late its reader begins', async () => {
  const data = Array.from({ length: 100 }, (_, index) => ({ id: index, payload: 'x'.repeat(10_000) }));
  await start(() => ({ body: { data, next_cursor: null } }));
  const command = `"${process.execPath}" "${buildServiceOnce().role('spark360')}" deliveries list --limit 100 --json`;
  // The node of a test would read at once, and over a socket: this is a pipe of 64 KiB, read after a second.
  const shell = spawn('sh', ['-c', `${command} | (sleep 1; cat)`], {
    env: { ...person.environment, SPARK360_API_URL: api.url } as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  expect(JSON.parse(await text(shell.stdout)).data).toHaveLength(100);
});

test('a connection that breaks in the middle of an answer is exit code 6', async () => {
  const run = await start(() => 'reset');
  expect(await run('whoami')).toMatchObject({ code: 6, stderr: expect.stringContaining('does not answer') });
});

test('more deliveries than are counted: a deletion says so', async () => {
  const unsettled = { pending: 100_000, delivering: 1, retrying: 0, held: 0 };
  const run = await start((call) => ({
    body: call.endsWith('/health') ? { unsettled, counted_to: 100_000 } : { url: 'https://crm.example/' },
  }));
  expect(await run('endpoints', 'delete', 'an-endpoint', '--dry-run')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('100,001 or more'),
  });
});

test('a recovery says its job first, and goes on over a service that was away for a moment', async () => {
  let looks = 0;
  const run = await start((call) => {
    if (call.startsWith('POST')) return { body: { count: 3, job_id: 'a-job' } };
    looks += 1;
    if (looks === 2) return away;
    const status = looks < 4 ? 'running' : 'done';
    return { body: { id: 'a-job', status, count: 3, delivered: 3, abandoned: 0 } };
  });
  const { code, stderr } = await run('recover', 'an-endpoint', '--since', '1h', '--yes');
  expect(code).toBe(0);
  expect(stderr).toMatch(/spark360 jobs watch a-job\n[\s\S]*Postgres is away\. Tried again for 120 s\.\n/);
});
