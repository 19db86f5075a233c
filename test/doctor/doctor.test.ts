import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { parseKeyRing } from '../../src/crypto/key-ring.ts';
import { openDatabase } from '../../src/db/pool.ts';
import type { DoctorParts, Finding } from '../../src/doctor/check.ts';
import { examine } from '../../src/doctor/doctor.ts';
import { temporalClient } from '../../src/temporal/connection.ts';
import { ensureRetentionSchedule, retentionScheduleId } from '../../src/temporal/schedules.ts';
import { createResolve } from '../../src/webhooks/resolve.ts';
import { type TestApi, startTestApi } from '../http/api.ts';
import { aPartner, publish, untilDeliveries } from '../http/partner.ts';
import { startSmtp } from '../mail/smtp-server.ts';
import { aLead } from '../support/lead-events.ts';
import { createEmptyDatabase } from '../support/services.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { quietPort } from '../support/quiet-port.ts';

let api: TestApi;
let receiver: Receiver;
let parts: DoctorParts;
beforeAll(async () => {
  api = await startTestApi({ worker: true });
  // `spark360 worker` makes it; here it must not stay for the other tests of this server.
  await ensureRetentionSchedule(api.deps.temporal, api.deps.taskQueue);
  receiver = await startReceiver();
  const { config, db, temporal, taskQueue, keyRing, client, activityParts } = api.deps;
  const { outbox, wake } = activityParts;
  const publishAgain = (event: unknown) => client.publish(event);
  const resolve = createResolve();
  parts = { config, db, temporal, taskQueue, keyRing, outbox, wake, publish: publishAgain, resolve, now: Date.now };
});
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  await api.deps.temporal.schedule.getHandle(retentionScheduleId).delete();
  await receiver?.close();
  await api?.stop();
});

/** What the doctor says of one check, with one thing broken. */
async function told(check: string, broken: Partial<DoctorParts> = {}, { fix = false } = {}): Promise<Finding> {
  const findings = await examine({ ...parts, ...broken }, { fix });
  const finding = findings.find((one) => one.check === check);
  if (finding === undefined) throw new Error(`there is no check ${check}`);
  return finding;
}

const anEmptyDatabase = async () => {
  const database = await createEmptyDatabase();
  const db = openDatabase(database.url, 1, () => undefined);
  cleanups.push(database.drop, db.close);
  return db;
};

test('a service in order: every check is told, and none has failed', async () => {
  const findings = await examine(parts, { fix: false });
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
  cleanups.push(db.close);
  const findings = await examine({ ...parts, db }, { fix: false });
  expect(findings[0]).toMatchObject({ status: 'failed', remedy: expect.stringContaining('DATABASE_URL') });
  expect(findings.find(({ check }) => check === 'schema')?.detail).toBe('Not looked at: postgres comes first.');
  expect(findings.find(({ check }) => check === 'temporal')?.status).toBe('ok');
});

test('a schema that is missing', async () => {
  expect(await told('schema', { db: await anEmptyDatabase() })).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('0001-core'),
    remedy: expect.stringContaining('spark360 migrate'),
  });
});

test('Temporal that is away', async () => {
  const target = { address: `127.0.0.1:${await quietPort()}`, namespace: 'default' };
  const temporal = await temporalClient(target, parts.keyRing);
  cleanups.push(() => temporal.connection.close());
  const findings = await examine({ ...parts, temporal }, { fix: false });
  const of = (check: string) => findings.find((finding) => finding.check === check);
  expect(of('temporal')).toMatchObject({ status: 'failed', remedy: expect.stringContaining('TEMPORAL_ADDRESS') });
  expect(of('clocks')?.status).toBe('skipped');
  expect(of('keys')?.status).toBe('ok');
});

test('a namespace that is not there, and one that forgets early', async () => {
  const config = { ...parts.config, temporalNamespace: 'nowhere' };
  expect(await told('namespace', { config })).toMatchObject({
    status: 'failed',
    remedy: expect.stringContaining('namespace create'),
  });
  expect(await told('namespace', { config: { ...parts.config, retentionDays: 400 } })).toMatchObject({
    status: 'warning',
    remedy: 'temporal operator namespace update -n default --retention 400d',
  });
});

test('no worker', async () => {
  expect(await told('workers', { taskQueue: `nobody-${randomUUID()}` })).toMatchObject({
    status: 'failed',
    remedy: expect.stringContaining('spark360 worker'),
  });
});

test('a daily retention that is paused, and one that is not scheduled', async () => {
  const handle = api.deps.temporal.schedule.getHandle(retentionScheduleId);
  await handle.pause();
  expect(await told('retention')).toMatchObject({ status: 'warning', remedy: expect.stringContaining('--unpause') });
  await handle.delete();
  expect(await told('retention')).toMatchObject({ status: 'failed', detail: expect.stringContaining('no schedule') });
  await ensureRetentionSchedule(api.deps.temporal, api.deps.taskQueue);
});

test.each([
  [-2_000, 'warning', /Postgres is [12]\d{3} ms ahead, Temporal [12]\d{3} ms ahead/],
  [90_000, 'failed', /Postgres is (89|90)\d{3} ms behind/],
])('a clock that is %d ms off', async (off, status, detail) => {
  const found = await told('clocks', { now: () => Date.now() + off });
  expect(found).toMatchObject({
    status,
    detail: expect.stringMatching(detail),
    remedy: expect.stringContaining('NTP'),
  });
});

test('a key that is not in the ring any more, and one that is old', async () => {
  await aPartner(api, receiver.url);
  const other = `new:${Buffer.alloc(32, 7).toString('base64')}`;
  expect(await told('keys', { keyRing: parseKeyRing(other) })).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('sealed under key test, which is not in the ring'),
    remedy: expect.stringContaining('ENCRYPTION_KEYS'),
  });
  const keyRing = parseKeyRing(`${other},${parts.config.encryptionKeys}`);
  expect(await told('keys', { keyRing })).toMatchObject({
    status: 'warning',
    remedy: expect.stringContaining('spark360 reencrypt'),
  });
});

test('a mail server: one that takes us, one that does not, one that is away, none', async () => {
  const server = await startSmtp();
  cleanups.push(() => server.close());
  const withMail = (smtpUrl: string) => told('mail', { config: { ...parts.config, smtpUrl } });
  expect((await withMail(server.url)).status).toBe('ok');
  const refusing = createServer((socket) => void socket.end('554 not you\r\n')).listen(0, '127.0.0.1');
  cleanups.push(async () => refusing.close());
  await new Promise((resolve) => refusing.once('listening', resolve));
  const { port } = refusing.address() as AddressInfo;
  expect(await withMail(`smtp://user:hidden@127.0.0.1:${port}`)).toMatchObject({
    status: 'failed',
    detail: expect.not.stringContaining('hidden'),
    remedy: expect.stringContaining('SMTP_URL'),
  });
  expect((await withMail(`smtp://127.0.0.1:${await quietPort()}`)).detail).toContain('ECONNREFUSED');
  expect(await told('mail', { config: { ...parts.config, nodeEnv: 'production' } })).toMatchObject({
    status: 'warning',
    remedy: expect.stringContaining('Set SMTP_URL'),
  });
});

test('names of endpoints that do not resolve', async () => {
  const partner = await aPartner(api, receiver.url);
  const set = (url: string) =>
    api.deps.db.execute('update endpoints set url = $2 where id = $1', [partner.endpoint, url]);
  cleanups.push(() => set(receiver.url));
  await set('https://no-such-name.invalid/hooks');
  const resolve = createResolve({ servers: [`127.0.0.1:${await quietPort()}`], timeoutMs: 500 });
  expect(await told('names', { resolve })).toMatchObject({
    status: 'warning',
    detail: expect.stringContaining('no-such-name.invalid'),
  });
});

test('an outbox that nothing relays, and a row that cannot be', async () => {
  const add =
    "insert into spark360.outbox (event, created_at) values ('{}', now() - interval '5 minutes') returning id";
  const [row] = await api.deps.db.query<{ id: string }>(add);
  cleanups.push(() => api.deps.db.execute('delete from spark360.outbox where id = $1', [row?.id]));
  expect(await told('outbox')).toMatchObject({ status: 'failed', remedy: expect.stringContaining('spark360 relay') });
  await api.deps.db.execute("update spark360.outbox set attempts = 3, last_error = 'x' where id = $1", [row?.id]);
  expect((await told('outbox')).remedy).toContain('spark360.outbox_stuck');
});

/** A lead whose first delivery waits for a retry, and whose workflow somebody terminated. */
async function anOrphan() {
  receiver.answer({ status: 500 });
  const partner = await aPartner(api, receiver.url);
  await api.call('POST', `${partner.endpointPath}/pause`);
  const lead = aLead(partner.organization);
  await publish(api, lead.created(), lead.personal({ enriched: true }));
  await untilDeliveries(api, partner, ['held', 'held', 'held']);
  const workflowId = `lead/${partner.organization}/${lead.leadId}`;
  await api.deps.temporal.workflow.getHandle(workflowId).terminate();
  await api.deps.db.execute("update deliveries set created_at = now() - interval '1 hour' where endpoint_id = $1", [
    partner.endpoint,
  ]);
  receiver.answer({});
  return { partner, workflowId, lead };
}

test('deliveries without a workflow are found; --fix starts one, and they go out in order', async () => {
  const { partner, workflowId } = await anOrphan();
  expect(await told('orphans')).toMatchObject({
    status: 'failed',
    detail: `3 unsettled deliveries have no workflow, first ${workflowId}.`,
    remedy: expect.stringContaining('doctor --fix'),
  });
  expect(await told('orphans', {}, { fix: true })).toMatchObject({
    status: 'ok',
    fixed: 'Workflows were started for 3 deliveries.',
  });
  await api.call('POST', `${partner.endpointPath}/resume`);
  await untilDeliveries(api, partner, ['delivered', 'delivered', 'delivered']);
});

test('accepted events that no workflow has: the outbox has one, the backend must send the other again', async () => {
  const partner = await aPartner(api, receiver.url);
  const [kept, lost] = [aLead(partner.organization), aLead(partner.organization)];
  const [keptStep, lostStep] = [kept.created(), lost.created()];
  const accept = (id: string, leadId: string) =>
    api.deps.db.execute(
      `insert into inbound_events (id, fingerprint, subject, name, event, occurred_at, outcome, received_at)
       values ($1, '\\x00', $2, 'address', 'lead.created', now(), 'accepted', now() - interval '1 hour')`,
      [id, `lead/${partner.organization}/${leadId}`],
    );
  await accept(lostStep.id, lost.leadId);
  cleanups.push(() => api.deps.db.execute('delete from inbound_events where id = $1', [lostStep.id]));
  expect(await told('accepted-events')).toMatchObject({
    status: 'failed',
    remedy: expect.stringContaining(lostStep.id),
  });
  await accept(keptStep.id, kept.leadId);
  await api.deps.db.execute("insert into spark360.outbox (event, done_at, outcome) values ($1, now(), 'signalled')", [
    JSON.stringify(keptStep),
  ]);
  const fixed = await told('accepted-events', {}, { fix: true });
  expect(fixed).toMatchObject({ status: 'failed', fixed: '1 events were signalled again, with their ids.' });
  expect(fixed.remedy).not.toContain(keptStep.id);
  const lead = await api.call('GET', `${partner.path}/leads/${kept.leadId}`);
  expect(lead.status).toBe(200);
});
