import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../../dev/embedded/ports.ts';
import { type Admin, startAdmin } from '../../src/http/admin.ts';
import { NotReadyError } from '../../src/http/routes/health.ts';
import { startRelay } from '../../src/outbox/relay.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { observeBacklog } from '../../src/telemetry/backlog.ts';
import { aLead } from '../support/lead-events.ts';
import { held } from '../support/held.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service?.stop());

const silent = { warn: () => undefined, debug: () => undefined };
const listener = (parts: Partial<Parameters<typeof startAdmin>[0]> = {}): Promise<Admin> =>
  startAdmin({
    config: { host: '127.0.0.1', metricsPort: 0 },
    metrics: createMetrics(),
    log: service.deps.log,
    checks: {},
    ...parts,
  });
const get = async (admin: Admin, path: string, init: RequestInit = {}) => {
  const response = await fetch(`${admin.url}${path}`, init);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
};

const notReady = ({ text }: { text: string }) => JSON.parse(text).errors;

describe('a role without an API', () => {
  test('listens nowhere unless METRICS_PORT says so', async () => {
    const admin = await listener({ config: { host: '127.0.0.1' } });
    expect(admin.url).toBeNull();
    await admin.close();
  });

  test('a port that is taken ends the start, in words', async () => {
    const admin = await listener();
    const port = Number(new URL(admin.url ?? '').port);
    await expect(listener({ config: { host: '127.0.0.1', metricsPort: port } })).rejects.toThrow(/EADDRINUSE/);
    await admin.close();
  });

  test('is alive whatever it needs, and ready when all of it answers', async () => {
    let word: string | null = 'starting';
    const { db, temporalReady } = service.deps;
    const admin = await listener({
      checks: {
        postgres: () => db.query('select 1'),
        temporal: temporalReady,
        worker: async () => {
          if (word !== null) throw new NotReadyError(word);
        },
      },
    });
    expect(await get(admin, '/healthz')).toEqual({
      status: 200,
      type: 'application/json; charset=utf-8',
      text: '{"status":"ok"}',
    });
    const starting = await get(admin, '/readyz');
    expect([starting.status, starting.type]).toEqual([503, 'application/problem+json; charset=utf-8']);
    expect(notReady(starting)).toEqual([{ path: 'worker', message: 'starting' }]);
    word = null;
    await eventually(async () =>
      expect(await get(admin, '/readyz?x=1')).toMatchObject({
        status: 200,
        text: '{"status":"ready","postgres":"ok","temporal":"ok","worker":"ok"}',
      }),
    );
    await admin.close();
  });

  test('of two hundred probes at once one in a second asks each part', async () => {
    const startedAt = performance.now();
    let asked = 0;
    const temporal = async () => {
      asked += 1;
    };
    const admin = await listener({ checks: { temporal } });
    const probes = await Promise.all(Array.from({ length: 200 }, () => get(admin, '/readyz')));
    expect(new Set(probes.map(({ status }) => status))).toEqual(new Set([200]));
    expect(asked).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - startedAt) / 1_000));
    await admin.close();
  });

  test('a part that hangs or fails makes it not ready within seconds, and its words stay inside', async () => {
    const { released, release } = held();
    const admin = await listener({
      checks: {
        postgres: () => released,
        temporal: () => Promise.reject(new Error('connect to postgres://user:hidden@db refused')),
      },
    });
    const answer = await get(admin, '/readyz');
    expect(answer.status).toBe(503);
    expect(notReady(answer)).toEqual([
      { path: 'postgres', message: 'not available' },
      { path: 'temporal', message: 'not available' },
    ]);
    expect(answer.text).not.toContain('hidden');
    release();
    await admin.close();
  });

  test.each([
    ['GET', '/', 404],
    ['GET', '/v1/events', 404],
    ['GET', '/toString', 404],
    ['POST', '/metrics', 405],
    ['DELETE', '/healthz', 405],
    ['HEAD', '/healthz', 200],
  ])('%s %s is %d', async (method, path, status) => {
    const admin = await listener();
    expect((await get(admin, path, { method })).status).toBe(status);
    await admin.close();
  });

  test('its metrics are its own, joined with those of the SDK when that serves them', async () => {
    const sdk = await startReceiver({ body: '# TYPE temporal_worker_start counter\ntemporal_worker_start 3\n' });
    const metrics = createMetrics();
    metrics.attempts.inc({ outcome: 'delivered' });
    const admin = await listener({ metrics, sdkMetricsAddress: `127.0.0.1:${sdk.port}` });
    const { status, type, text } = await get(admin, '/metrics');
    expect([status, type]).toEqual([200, metrics.registry.contentType]);
    expect(text).toMatch(/^spark360_delivery_attempts_total\{outcome="delivered"\} 1$/m);
    expect(text).toMatch(/^temporal_worker_start 3$/m);
    await sdk.close();
    const { text: own } = await get(admin, '/metrics');
    expect(own).toContain('spark360_delivery_attempts_total');
    expect(own).not.toContain('temporal_worker_start');
    await admin.close();
  });

  test("a relay's readiness is its own health", async () => {
    const relay = await startRelay(service.deps);
    const admin = await listener({
      checks: {
        relay: async () => {
          const { ok, reason } = relay.health();
          if (!ok) throw new NotReadyError(reason ?? '');
        },
      },
    });
    await eventually(async () => expect((await get(admin, '/readyz')).status).toBe(200));
    await relay.stop();
    await eventually(async () =>
      expect(notReady(await get(admin, '/readyz'))).toEqual([{ path: 'relay', message: 'relay: stopped' }]),
    );
    await admin.close();
  });
});

describe('what waits, in the metrics', () => {
  test('unsettled deliveries by status and paused endpoints are counted', async () => {
    const { deps } = service;
    const organization = await anOrganization(deps);
    const receiver = await startReceiver();
    const { id } = await anEndpoint(deps, organization, receiver.url);
    await deps.operations.pause(id);
    await deps.client.publish(aLead(organization).created());
    await eventually(async () =>
      expect(await deps.db.query(`select from deliveries where status = 'held'`)).toHaveLength(1),
    );
    const text = await deps.metrics.registry.metrics();
    expect(text).toMatch(/^spark360_deliveries_unsettled\{status="held"\} 1$/m);
    expect(text).toMatch(/^spark360_deliveries_unsettled\{status="pending"\} 0$/m);
    expect(text).toMatch(/^spark360_oldest_unsettled_seconds\{status="held"\} [0-9.e-]+$/m);
    expect(text).toMatch(/^spark360_oldest_unsettled_seconds\{status="pending"\} 0$/m);
    expect(text).toMatch(/^spark360_deliveries_ready 0$/m);
    expect(text).toMatch(/^spark360_endpoints_paused\{reason="manual"\} 1$/m);
    expect(text).toMatch(/^spark360_endpoints_paused\{reason="failing"\} 0$/m);
    expect(text).toMatch(/^spark360_database_connections\{pool="main",state="waiting"\} 0$/m);
    await receiver.close();
  });

  test('outcomes are counted from 0 on, so that the first of a process is an increase', async () => {
    const text = await createMetrics().registry.metrics();
    for (const [name, outcome] of [
      ['inbound_events', 'unavailable'],
      ['delivery_attempts', 'delivered'],
      ['resends', 'delivered'],
      ['mails', 'refused'],
    ])
      expect(text).toContain(`\nspark360_${name}_total{outcome="${outcome}"} 0\n`);
  });

  test('however often it is scraped, the database is asked once in a while', async () => {
    const metrics = createMetrics();
    let reads = 0;
    const read = async () => {
      reads += 1;
      return {
        unsettled: {},
        overdueRetries: 0,
        readyDeliveries: 0,
        saturatedEndpoints: 0,
        pausedEndpoints: { manual: 7 },
      };
    };
    observeBacklog(metrics.registry, read, silent);
    const scrapes = await Promise.all(Array.from({ length: 20 }, () => metrics.registry.metrics()));
    for (const scrape of scrapes) expect(scrape).toMatch(/^spark360_endpoints_paused\{reason="manual"\} 7$/m);
    expect(reads).toBe(1);
  });

  test.each([
    ['fails', () => Promise.reject(new Error('away'))],
    ['hangs', () => new Promise<never>(() => undefined)],
  ])('a database that %s keeps no scrape from its answer, and its numbers are absent', async (_how, read) => {
    const metrics = createMetrics();
    observeBacklog(metrics.registry, read, silent);
    const text = await metrics.registry.metrics();
    expect(text).not.toMatch(
      /^spark360_(deliveries_unsettled|oldest_unsettled_seconds|retries_overdue|endpoints_paused)[ {]/m,
    );
    expect(text).toMatch(/^spark360_enrichment_overdue_total 0$/m);
  });
});

test('the port of a process is its own', async () => {
  const port = await freePort();
  const admin = await listener({ config: { host: '127.0.0.1', metricsPort: port } });
  expect(admin.url).toBe(`http://127.0.0.1:${port}`);
  await admin.close();
  await expect(fetch(`${admin.url}/healthz`)).rejects.toThrow();
});
