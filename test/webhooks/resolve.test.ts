import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createResolve } from '../../src/webhooks/resolve.ts';
import { createSender } from '../../src/webhooks/send.ts';
import { type DnsStub, startDns } from './support/dns-stub.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

/** `*.dead.test`: its name server is gone. */
const zone = (name: string): string[] | null | 'silent' => {
  if (name.endsWith('.dead.test')) return 'silent';
  if (name === 'healthy.test') return ['127.0.0.1'];
  if (name === 'both.test') return ['192.0.2.1', '2001:db8::1'];
  return null;
};

let dns: DnsStub;
let folder: string;
let hostsPath: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spark360-hosts-'));
  hostsPath = join(folder, 'hosts');
  writeFileSync(
    hostsPath,
    '# ours\n192.0.2.7\tCrm.Intranet  crm # of the office\n2001:db8::7 crm.intranet\nnot-an-address x\n',
  );
  dns = await startDns(zone);
});
afterEach(() => {
  dns.questions.length = 0;
});
afterAll(async () => {
  await dns?.close();
  rmSync(folder, { recursive: true, force: true });
});

const to = (url: string) => ({ url, headers: {}, body: '{}' });
const resolver = (options = {}) => createResolve({ servers: [dns.address], hostsPath, ...options });

test('forty partners whose name servers are gone delay no delivery to the others, each over a new connection', async () => {
  const receiver: Receiver = await startReceiver({ headers: { connection: 'close' } });
  const resolve = resolver({ timeoutMs: 3_000 });
  const sender = createSender({ allowLoopback: true, timeoutMs: 4_000, resolve });
  const port = new URL(receiver.url).port;
  const dead = Array.from({ length: 40 }, (_, index) =>
    sender.send(to(`http://crm${index}.dead.test:${port}/`)).then((result) => ({ result, at: performance.now() })),
  );
  await sleep(50);
  for (let n = 0; n < 10; n++) {
    const result = await sender.send(to(`http://healthy.test:${port}/`));
    expect(result.statusCode).toBe(200);
  }
  const healthyAt = performance.now();
  for (const { result, at } of await Promise.all(dead)) {
    expect(result.error).toEqual({ class: 'dns', message: 'The host name could not be resolved (ETIMEOUT).' });
    expect(at).toBeGreaterThan(healthyAt);
  }
  await sender.close();
  await receiver.close();
});

test.each([
  ['localhost', ['127.0.0.1', '::1']],
  ['api.LOCALHOST', ['127.0.0.1', '::1']],
  ['crm.intranet', ['192.0.2.7', '2001:db8::7']],
  ['CRM', ['192.0.2.7']],
])('%s is found on this machine, without a name server', async (name, addresses) => {
  expect((await resolver()(name)).map(({ address }) => address)).toEqual(addresses);
  expect(dns.questions).toEqual([]);
});

test('both families of a name are asked for, IPv4 comes first', async () => {
  expect(await resolver()('Both.test.')).toEqual([
    { address: '192.0.2.1', family: 4 },
    { address: '2001:db8::1', family: 6 },
  ]);
  expect(dns.questions.toSorted()).toEqual(['A both.test', 'AAAA both.test']);
});

test('a name of one label is asked for as it is: no search domain is put behind it', async () => {
  await expect(resolver()('partner')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  expect(dns.questions.toSorted()).toEqual(['A partner', 'AAAA partner']);
});

test('what does not resolve is remembered for a moment, and asked for once by all that want it together', async () => {
  const resolve = resolver();
  const answers = await Promise.allSettled([resolve('gone.test'), resolve('gone.test'), resolve('gone.test')]);
  expect(answers.map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  await expect(resolve('gone.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  expect(dns.questions).toHaveLength(2);
});

test('a server that swallows the question for one family costs a second, not the answer', async () => {
  const swallows = await startDns((name, _question, type) => (type === 'AAAA' ? 'silent' : zone(name)));
  expect(await createResolve({ servers: [swallows.address], hostsPath })('healthy.test')).toEqual([
    { address: '127.0.0.1', family: 4 },
  ]);
  await swallows.close();
});
