import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../dev/embedded/ports.ts';
import { expressions, selectors } from '../deploy/expressions.ts';
import { type BuiltService, buildServiceOnce } from '../support/built-service.ts';
import { type Role, startRole } from '../support/role.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { createTestDatabase, type TestDatabase } from '../support/services.ts';
import { startTemporalWith } from '../support/temporal-server.ts';

const key = 'operator-key-of-the-tests';
const keys = `test:${randomBytes(32).toString('base64')}`;
const folder = mkdtempSync(join(tmpdir(), 'spark360-roles-'));
const coreLibrary: string = createRequire(import.meta.url)('@temporalio/core-bridge/common').getPrebuiltPath();
let service: BuiltService;
let database: TestDatabase;
let temporal: Awaited<ReturnType<typeof startTemporalWith>>;
let collector: Collector;
let receiver: Receiver;
let roles: Record<'api' | 'worker' | 'relay', Role & { url: string }>;

async function role(name: 'api' | 'worker' | 'relay'): Promise<Role & { url: string }> {
  const port = `${await freePort()}`;
  const started = await startRole({
    name,
    args: [service.role(name)],
    logFile: join(folder, `${name}.log`),
    environment: {
      NODE_ENV: 'production',
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporal.address,
      ADMIN_API_KEY: key,
      ENCRYPTION_KEYS: keys,
      ALLOW_INSECURE_ENDPOINTS: 'loopback',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      [name === 'api' ? 'PORT' : 'METRICS_PORT']: port,
    },
  });
  return { ...started, url: `http://127.0.0.1:${port}` };
}

beforeAll(async () => {
  service = buildServiceOnce();
  [database, temporal, collector, receiver] = await Promise.all([
    createTestDatabase(),
    startTemporalWith({}),
    startCollector(),
    startReceiver(),
  ]);
  const [api, worker, relay] = await Promise.all([role('api'), role('worker'), role('relay')]);
  roles = { api, worker, relay };
}, 180_000);
afterAll(async () => {
  for (const started of Object.values(roles ?? {})) await started.end();
  await temporal?.stop();
  await Promise.all([receiver?.close(), collector?.close(), database?.drop()]);
  rmSync(folder, { recursive: true, force: true });
});

const ready = async (name: keyof typeof roles) => {
  const response = await fetch(`${roles[name].url}/readyz`);
  return { status: response.status, body: await response.json() };
};
const call = async (method: string, path: string, body: unknown) => {
  const response = await fetch(`${roles.api.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
};

test('each role as a process of its own says that it is ready, and of what', async () => {
  await eventually(async () => expect((await ready('relay')).status).toBe(200));
  expect(await ready('api')).toMatchObject({ status: 200 });
  expect(await ready('worker')).toEqual({
    status: 200,
    body: { status: 'ready', postgres: 'ok', temporal: 'ok', worker: 'ok' },
  });
  expect(await ready('relay')).toEqual({ status: 200, body: { status: 'ready', relay: 'ok' } });
});

test("an event's trace goes through the processes, and each counts its part", async () => {
  const lead = aLead('0d9f6a3e-51c4-4b5e-9f0b-6f4f7e1f9c11');
  await call('PUT', `/v1/organizations/${lead.organizationId}`, { name: 'Roofers', tier: 'premium', notify: [] });
  await call('POST', `/v1/organizations/${lead.organizationId}/endpoints`, {
    url: receiver.url,
    events: ['lead.address_preview'],
  });
  await call('POST', '/v1/events', lead.created());
  await eventually(() => {
    const delivered = collector.spans.find(({ name }) => name === 'attempt');
    const spans = collector.spans.filter(({ traceId }) => traceId === delivered?.traceId);
    expect(spans.map(({ name, role: where }) => `${where}: ${name}`).sort()).toEqual([
      'api: POST /v1/events',
      'api: signal address',
      'worker: attempt',
      'worker: publishLead',
    ]);
  });
  const text = await (await fetch(`${roles.worker.url}/metrics`)).text();
  expect(text).toMatch(/^spark360_delivery_attempts_total\{outcome="delivered"\} 1$/m);
  expect(text).toMatch(/^temporal_workflow_task_execution_latency/m);
  expect(text).toMatch(/^process_cpu_seconds_total/m);
  expect(await (await fetch(`${roles.relay.url}/metrics`)).text()).toMatch(/^spark360_outbox_relay_up 1$/m);
});

/** The SDK makes these when something happens first: that they are its names is seen in its library. */
const afterAnEvent =
  /^temporal_(activity_(execution_failed|schedule_to_start_latency)|(long_)?request_failure|sticky_cache_(hit|miss|total_forced_eviction)|workflow_(completed|failed|task_execution_failed|task_replay_latency))$/;

test('each metric that an alert or a dashboard asks for, and each label, is there', async () => {
  const headers = { authorization: `Bearer ${key}` };
  const pages = await Promise.all(
    Object.values(roles).map(async ({ url }) => (await fetch(`${url}/metrics`, { headers })).text()),
  );
  const scraped = pages.join('\n');
  const library = readFileSync(coreLibrary, 'latin1');
  const problems = expressions().flatMap(({ where, expr }) =>
    selectors(expr).flatMap(({ metric, labels }) => {
      const family = metric.replace(/_(bucket|sum|count)$/, '');
      const isThere =
        scraped.includes(`# TYPE ${family} `) ||
        (afterAnEvent.test(family) && library.includes(family.replace('temporal_', '')));
      const series = new RegExp(`^${metric}\\{(.*)\\} `, 'm').exec(scraped)?.[1];
      const strange = labels.filter((label) => series !== undefined && !series.includes(`${label}="`));
      return [
        ...(isThere ? [] : [`${where}: no ${metric}`]),
        ...strange.map((label) => `${where}: ${metric} has no ${label}`),
      ];
    }),
  );
  expect(problems).toEqual([]);
});

test('a worker has made the schedule of the retention, and finds it there when it starts again', async () => {
  await roles.worker.kill();
  await eventually(async () => expect((await ready('worker')).status).toBe(200));
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  const { action, state } = await client.schedule.getHandle('retention').describe();
  expect(action).toMatchObject({ workflowType: 'retention', taskQueue: 'spark360' });
  expect(state.paused).toBe(false);
  await client.schedule.getHandle('retention').trigger();
  await eventually(async () => {
    const done: string[] = [];
    for await (const { status } of client.workflow.list({ query: `WorkflowType = 'retention'` }))
      done.push(status.name);
    expect(done).toEqual(['COMPLETED']);
  });
  await connection.close();
});

test('a process that is asked to end does so in order, with nothing left of its listener', async () => {
  for (const name of ['relay', 'worker'] as const) {
    expect((await roles[name].stop()).code).toBe(0);
    await expect(fetch(`${roles[name].url}/healthz`)).rejects.toThrow();
  }
});
