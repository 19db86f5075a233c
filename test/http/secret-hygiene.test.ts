import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { readConfig } from '../../src/config/config.ts';
import { buildDeps, type Deps } from '../../src/deps.ts';
import { type ListeningApi, startApi } from '../../src/http/server.ts';
import { installRuntime } from '../../src/temporal/runtime.ts';
import { type RunningWorker, startWorker } from '../../src/temporal/worker.ts';
import { keptLog } from '../mail/log-lines.ts';
import { asBytes, asJson, decodedTexts, type History } from '../support/histories.ts';
import { aLead } from '../support/lead-events.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { createTestDatabase, type TestDatabase, temporalAddress, uniqueTaskQueue } from '../support/services.ts';
import type { TestApi } from './api.ts';
import { call } from './call.ts';
import { aPartner, type Partner, publish, untilDeliveries } from './partner.ts';

// A signing secret is shown at creation and rotation, and is nowhere else: the whole service runs with its loudest log
// through whatever can go wrong with an endpoint, and then everything that was said or kept is searched.

const sdkLog = keptLog();
installRuntime(sdkLog.log);

const dataDir = mkdtempSync(join(tmpdir(), 'spark360-hygiene-'));
let database: TestDatabase;
let deps: Deps;
let worker: RunningWorker;
let listening: ListeningApi;
let api: TestApi;
let receiver: Receiver;
let partner: Partner;
const lines: string[] = [];
/** Every answer of the API but those that show a secret by design. */
const answers: string[] = [];
const secrets: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const config = readConfig(
    {
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporalAddress(),
      DATA_DIR: dataDir,
      ADMIN_API_KEY: 'operator-key-of-the-tests',
      ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
      RETRY_SCHEDULE: '50ms,50ms,50ms,50ms',
      ALLOW_INSECURE_ENDPOINTS: 'loopback',
      PORT: '0',
      LOG_LEVEL: 'trace',
    },
    { adminApiKey: () => '', encryptionKeys: () => '' },
  );
  deps = await buildDeps(config, { role: 'test', taskQueue: uniqueTaskQueue('hygiene') });
  // Every line of the process, those of children of the logger too.
  Object.assign(deps.log, { [pino.symbols.streamSym]: { write: (line: string) => lines.push(line) } });
  worker = await startWorker(deps);
  listening = await startApi(deps);
  api = {
    url: listening.url,
    deps,
    async call(method, path, options) {
      const answer = await call(listening.url + path, method, options);
      const shows = method === 'POST' && /\/(endpoints|rotate-secret)$/.test(path) && answer.status < 300;
      if (shows) secrets.push(answer.body.secret);
      else answers.push(`${JSON.stringify([...answer.headers])} ${JSON.stringify(answer.body)}`);
      return answer;
    },
    stop: async () => undefined,
  };
  receiver = await startReceiver();
  partner = await aPartner(api, receiver.url);
  await everythingThatCanHappen();
}, 120_000);
afterAll(async () => {
  await listening?.close();
  await worker?.stop();
  await deps?.close();
  await receiver?.close();
  await database?.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function everythingThatCanHappen(): Promise<void> {
  const { path, endpointPath } = partner;
  const post = (action: string, body?: object) =>
    api.call('POST', `${endpointPath}/${action}`, body === undefined ? {} : { body });
  await api.call('PUT', path, { body: { notify: ['owner@partner.example'] } });
  await post('rotate-secret', { overlap_seconds: 0 });
  await post('rotate-secret');
  await post('test');

  // Rejected during the overlap until it is given up, and the endpoint paused.
  receiver.answer({ status: 401, body: 'signature does not verify' });
  const since = new Date().toISOString();
  const lead = aLead(partner.organization);
  await publish(api, lead.created(), lead.personal({ enriched: true }), lead.contact());
  const [first] = await untilDeliveries(api, partner, ['abandoned: exhausted', 'held', 'held', 'held']);
  receiver.answer({ reset: true });
  await post('test');
  await api.call('POST', `${path}/deliveries/${first?.id}/resend`);
  await eventually(() => expect(receiver.requests.some(({ isResend }) => isResend)).toBe(true));
  receiver.answer({});
  await post('resume');
  await untilDeliveries(api, partner, ['abandoned: exhausted', 'delivered', 'delivered', 'delivered']);
  const { body } = await post('recover', { since });
  await eventually(async () => expect((await api.call('GET', `${path}/jobs/${body.job_id}`)).body.status).toBe('done'));

  // A secret handed in, and one that cannot be opened.
  const [secret = ''] = secrets;
  await api.call('PATCH', endpointPath, { body: { secret } });
  await api.call('PATCH', endpointPath, { body: { url: `https://${secret.slice(6, 12)}:${secret}@127.0.0.1/` } });
  await api.call('GET', `${endpointPath}?secret=${encodeURIComponent(secret)}`);
  await api.call('POST', `${endpointPath}/rotate-secret`, { body: { secret } });
  await api.call('POST', `${endpointPath}/rotate-secret`, { body: `{"secret":"${secret}"` });
  await api.call('GET', `/v1/organizations/${encodeURIComponent(secret)}`);
  await api.call('GET', endpointPath, { key: secret });
  await deps.db.execute(
    `update endpoints set next_secret = '\\x0106', overlap_ends_at = now() + interval '1 hour' where id = $1`,
    [partner.endpoint],
  );
  expect((await post('test')).status).toBe(500);

  await api.call('PATCH', endpointPath, { body: { url: receiver.url, description: 'CRM' } });
  for (const read of [
    endpointPath,
    `${path}/endpoints`,
    `${path}/deliveries`,
    `${path}/leads/${lead.leadId}`,
    path,
    `${path}/api-keys`,
    '/v1/event-types',
    '/openapi.json',
    '/docs',
    '/metrics',
  ]) {
    expect((await api.call('GET', read)).status).toBe(200);
  }
  await api.call('DELETE', endpointPath);
}

/** Whatever somebody could turn back into the secret. */
function formsOf(secret: string): string[] {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return [
    secret,
    secret.slice('whsec_'.length),
    encodeURIComponent(secret.slice('whsec_'.length)),
    ...(['base64', 'base64url', 'hex'] as const).flatMap((encoding) => [
      Buffer.from(secret).toString(encoding).replace(/=+$/, ''),
      key.toString(encoding).replace(/=+$/, ''),
    ]),
    key.toString('latin1'),
  ];
}

function expectNoSecret(haystack: string): void {
  expect(secrets).toHaveLength(3);
  const found = secrets.flatMap(formsOf).filter((form) => haystack.includes(form));
  expect(found.length).toBe(0);
}

test('a secret is found where there is one: the search works', () => {
  const [secret = ''] = secrets;
  for (const haystack of [
    `{"secret":"${secret}"}`,
    Buffer.from(`\\x${Buffer.from(secret).toString('hex')}`).toString(),
    Buffer.from(secret).toString('base64'),
  ]) {
    expect(() => expectNoSecret(haystack)).toThrow();
  }
});

test('the log, at its loudest, has none', () => {
  const text = lines.join('') + sdkLog.text();
  expect(text).toContain(partner.endpoint);
  expect(text).toContain('request failed');
  expectNoSecret(text);
  expect(text).not.toContain('whsec_');
});

test('no answer of the API has one: reads, errors, documents, metrics', () => {
  const text = answers.join('\n');
  for (const said of [
    partner.endpoint,
    'urn:spark360:error:invalid_body',
    '"openapi":"3.1',
    'spark360_delivery_attempts',
  ])
    expect(text).toContain(said);
  expectNoSecret(text);
});

test('no history in Temporal has one, neither as it is kept nor decrypted', async () => {
  const histories: History[] = [];
  const types = new Set<string>();
  await eventually(async () => {
    types.clear();
    for await (const { type } of deps.temporal.workflow.list({ query: `TaskQueue = '${deps.taskQueue}'` }))
      types.add(type);
    expect([...types]).toEqual(
      expect.arrayContaining(['endpoint', 'lead', 'notice', 'recovery', 'recoveryJob', 'resend']),
    );
  });
  for await (const { workflowId, runId } of deps.temporal.workflow.list({ query: `TaskQueue = '${deps.taskQueue}'` })) {
    histories.push(await deps.temporal.workflow.getHandle(workflowId, runId).fetchHistory());
  }
  const decoded = (await Promise.all(histories.map((history) => decodedTexts(history, deps.codec)))).join('\n');
  expect(decoded).toContain(partner.endpoint);
  expectNoSecret(decoded);
  for (const history of histories) {
    expectNoSecret(asBytes(history).toString('latin1'));
    expectNoSecret(asJson(history));
  }
});

test('no table in Postgres has one in clear', async () => {
  const tables = await deps.db.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'spark360')`,
  );
  const rows: { row: string }[] = [];
  for (const { name } of tables)
    rows.push(...(await deps.db.query<{ row: string }>(`select t::text as row from ${name} t`)));
  const text = rows.map(({ row }) => row).join('\n');
  expect(text).toContain(partner.endpoint);
  expectNoSecret(text);
});

test('no mail has one', async () => {
  const text = await eventually(() => {
    const files = readdirSync(join(dataDir, 'mails'), { recursive: true, encoding: 'utf8' });
    expect(files.length).toBeGreaterThan(0);
    return files.map((file) => readFileSync(join(dataDir, 'mails', file), 'utf8')).join('\n');
  });
  expect(text).toContain(receiver.url);
  expectNoSecret(text);
});

test('nothing but signatures of it reaches the partner', () => {
  const text = receiver.requests
    .map(({ headers, rawBody }) => `${JSON.stringify(headers)} ${rawBody.toString('latin1')}`)
    .join('\n');
  expect(text).toContain('sha256=');
  expectNoSecret(text);
});
