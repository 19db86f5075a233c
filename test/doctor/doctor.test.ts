import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { parseKeyRing } from '../../src/crypto/key-ring.ts';
import { openDatabase } from '../../src/db/pool.ts';
import { examine } from '../../src/doctor/doctor.ts';
import { temporalClient } from '../../src/temporal/connection.ts';
import { ensureRetentionSchedule, retentionScheduleId } from '../../src/temporal/schedules.ts';
import { createResolve } from '../../src/webhooks/resolve.ts';
import { aPartner } from '../http/partner.ts';
import { startSmtp } from '../mail/smtp-server.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { quietPort } from '../support/quiet-port.ts';
import { type ExaminedService, startExaminedService } from './examined.ts';

let service: ExaminedService;
let receiver: Receiver;
beforeAll(async () => {
  service = await startExaminedService();
  // `spark360 worker` makes it; here it must not stay for the other tests of this server.
  await ensureRetentionSchedule(service.api.deps.temporal, service.api.deps.taskQueue);
  receiver = await startReceiver();
});
afterEach(() => service.cleanUp());
afterAll(async () => {
  await service.api.deps.temporal.schedule.getHandle(retentionScheduleId).delete();
  await receiver?.close();
  await service?.stop();
});

test('a service in order: every check is told, and none has failed', async () => {
  const findings = await examine(service.deps, { fix: false });
  expect(findings.filter(({ status }) => status === 'failed')).toEqual([]);
  expect(findings.map(({ check }) => check)).toEqual([
    'postgres',
    'schema',
    'temporal',
    'namespace',
    'search-attributes',
    'temporal-settings',
    'workers',
    'retention',
    'clocks',
    'keys',
    'mail',
    'names',
    'outbox',
    'orphans',
    'accepted-events',
  ]);
  expect(findings.every(({ status, remedy }) => (status === 'ok') === (remedy === null))).toBe(true);
});

test('Postgres that is away: what needs it is not looked at, the rest is', async () => {
  const db = openDatabase(`postgres://127.0.0.1:${await quietPort()}/x`, 1, () => undefined);
  service.cleanups.push(db.close);
  const findings = await examine({ ...service.deps, db }, { fix: false });
  expect(findings[0]).toMatchObject({ status: 'failed', remedy: expect.stringContaining('DATABASE_URL') });
  expect(findings.find(({ check }) => check === 'schema')?.detail).toBe('Not looked at: postgres comes first.');
  expect(findings.find(({ check }) => check === 'temporal')?.status).toBe('ok');
});

test('a schema that is missing', async () => {
  expect(await service.finding('schema', { db: await service.anEmptyDatabase() })).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('0001-core'),
    remedy: expect.stringContaining('spark360 migrate'),
  });
});

test('Temporal that is away', async () => {
  const target = { address: `127.0.0.1:${await quietPort()}`, namespace: 'default' };
  const temporal = await temporalClient(target, service.deps.keyRing);
  service.cleanups.push(() => temporal.connection.close());
  const findings = await examine({ ...service.deps, temporal }, { fix: false });
  const of = (check: string) => findings.find((finding) => finding.check === check);
  expect(of('temporal')).toMatchObject({ status: 'failed', remedy: expect.stringContaining('TEMPORAL_ADDRESS') });
  expect(of('clocks')?.status).toBe('skipped');
  expect(of('keys')?.status).toBe('ok');
});

test('a namespace that is not there, and one that forgets early', async () => {
  const config = { ...service.deps.config, temporalNamespace: 'nowhere' };
  expect(await service.finding('namespace', { config })).toMatchObject({
    status: 'failed',
    remedy: expect.stringContaining('namespace create'),
  });
  expect(await service.finding('namespace', { config: { ...service.deps.config, retentionDays: 400 } })).toMatchObject({
    status: 'warning',
    remedy: 'temporal operator namespace update -n default --retention 400d',
  });
});

test('no worker', async () => {
  expect(await service.finding('workers', { taskQueue: `nobody-${randomUUID()}` })).toMatchObject({
    status: 'failed',
    remedy: expect.stringContaining('spark360 worker'),
  });
});

test('a daily retention that is paused, and one that is not scheduled', async () => {
  const handle = service.api.deps.temporal.schedule.getHandle(retentionScheduleId);
  await handle.pause();
  expect(await service.finding('retention')).toMatchObject({
    status: 'warning',
    remedy: expect.stringContaining('--unpause'),
  });
  await handle.delete();
  expect(await service.finding('retention')).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('no schedule'),
  });
  await ensureRetentionSchedule(service.api.deps.temporal, service.api.deps.taskQueue);
});

test.each([
  [-2_000, 'warning', /Postgres is [12]\d{3} ms ahead, Temporal [12]\d{3} ms ahead/],
  [90_000, 'failed', /Postgres is (89|90)\d{3} ms behind/],
])('a clock that is %d ms off', async (off, status, detail) => {
  const found = await service.finding('clocks', { now: () => Date.now() + off });
  expect(found).toMatchObject({
    status,
    detail: expect.stringMatching(detail),
    remedy: expect.stringContaining('NTP'),
  });
});

test('a Temporal that describes slowly does not make its clock look behind', async () => {
  const { temporal } = service.deps;
  let lateMs = 0;
  const start: typeof temporal.workflow.start = async (...args) => {
    const handle = await temporal.workflow.start(...args);
    const describe: typeof handle.describe = () => {
      lateMs = 60_000;
      return handle.describe();
    };
    return { ...handle, describe, terminate: handle.terminate };
  };
  const slow = { ...temporal, workflow: { ...temporal.workflow, start } } as typeof temporal;
  const now = () => Date.now() + lateMs;
  expect(await service.finding('clocks', { now, temporal: slow })).toMatchObject({
    detail: expect.stringMatching(/Temporal \d{1,4} ms/),
  });
});

test('a key that is not in the ring any more, and one that is old', async () => {
  await aPartner(service.api, receiver.url);
  const other = `new:${Buffer.alloc(32, 7).toString('base64')}`;
  expect(await service.finding('keys', { keyRing: parseKeyRing(other) })).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('sealed under key test, which is not in the ring'),
    remedy: expect.stringContaining('ENCRYPTION_KEYS'),
  });
  const keyRing = parseKeyRing(`${other},${service.deps.config.encryptionKeys}`);
  expect(await service.finding('keys', { keyRing })).toMatchObject({
    status: 'warning',
    remedy: expect.stringContaining('spark360 reencrypt'),
  });
});

test('a mail server: one that takes us, one that does not, one that is away, none', async () => {
  const server = await startSmtp();
  service.cleanups.push(() => server.close());
  const withMail = (smtpUrl: string) => service.finding('mail', { config: { ...service.deps.config, smtpUrl } });
  expect((await withMail(server.url)).status).toBe('ok');
  const refusing = createServer((socket) => void socket.end('554 not you\r\n')).listen(0, '127.0.0.1');
  service.cleanups.push(async () => refusing.close());
  await new Promise((resolve) => refusing.once('listening', resolve));
  const { port } = refusing.address() as AddressInfo;
  expect(await withMail(`smtp://user:hidden@127.0.0.1:${port}`)).toMatchObject({
    status: 'failed',
    detail: expect.not.stringContaining('hidden'),
    remedy: expect.stringContaining('SMTP_URL'),
  });
  expect((await withMail(`smtp://127.0.0.1:${await quietPort()}`)).detail).toContain('ECONNREFUSED');
  expect(await service.finding('mail', { config: { ...service.deps.config, nodeEnv: 'production' } })).toMatchObject({
    status: 'warning',
    remedy: expect.stringContaining('Set SMTP_URL'),
  });
});

test('names of endpoints that do not resolve', async () => {
  const partner = await aPartner(service.api, receiver.url);
  const set = (url: string) =>
    service.api.deps.db.execute('update endpoints set url = $2 where id = $1', [partner.endpoint, url]);
  service.cleanups.push(() => set(receiver.url));
  await set('https://no-such-name.invalid/hooks');
  const resolve = createResolve({ servers: [`127.0.0.1:${await quietPort()}`], timeoutMs: 500 });
  expect(await service.finding('names', { resolve })).toMatchObject({
    status: 'warning',
    detail: expect.stringContaining('no-such-name.invalid'),
  });
});

test('an outbox that nothing relays, and a row that cannot be', async () => {
  const add =
    "insert into spark360.outbox (event, created_at) values ('{}', now() - interval '5 minutes') returning id";
  const [row] = await service.api.deps.db.query<{ id: string }>(add);
  service.cleanups.push(() => service.api.deps.db.execute('delete from spark360.outbox where id = $1', [row?.id]));
  expect(await service.finding('outbox')).toMatchObject({
    status: 'failed',
    remedy: expect.stringContaining('spark360 relay'),
  });
  await service.api.deps.db.execute("update spark360.outbox set attempts = 3, last_error = 'x' where id = $1", [
    row?.id,
  ]);
  expect((await service.finding('outbox')).remedy).toContain('spark360.outbox_stuck');
});
