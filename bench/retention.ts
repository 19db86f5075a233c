import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempts } from '../src/db/attempts.ts';
import { migrate } from '../src/db/migrate.ts';
import { type Database, openDatabase } from '../src/db/pool.ts';
import { publishing } from '../src/db/publishing.ts';
import type { Position } from '../src/db/page.ts';
import { type DeliveryBatch, retention } from '../src/db/retention.ts';
import { leadEventTypes } from '../src/domain/lead.ts';
import { startPostgres } from '../dev/embedded/postgres.ts';
import { cpuMs } from '../test/cluster/cpu.ts';

/**
 * `npm run bench:retention`: what a delivery costs Postgres when it is made and delivered, and what when retention
 * removes it, with the statements of the service. CPU says more than time where other programs run.
 */
const leads = Number(process.env.BENCH_LEADS ?? 5_000);
const batchSize = 1_000;
const atOnce = 8;

interface Cost {
  cpuMs: number;
  tookMs: number;
}

const home = mkdtempSync(join(tmpdir(), 'spark360-retention-'));
const postgres = await startPostgres({ dataDir: home, fsync: true });
const { pid } = JSON.parse(readFileSync(join(home, 'postgres', 'process.json'), 'utf8')) as { pid: number };
await migrate(postgres.url);
const db = openDatabase(postgres.url, atOnce, () => undefined);

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [cpuBefore, startedAt] = [cpuMs(pid), performance.now()];
  await work();
  return { cpuMs: cpuMs(pid) - cpuBefore, tookMs: performance.now() - startedAt };
}

async function anEndpoint(database: Database): Promise<{ organizationId: string; endpointId: string }> {
  const organizationId = randomUUID();
  await database.execute('insert into organizations (id) values ($1)', [organizationId]);
  const [row] = await database.query<{ id: string }>(
    `insert into endpoints (organization_id, url, events, mode, secret) values ($1, 'https://example.com/', $2, 'prod', '') returning id`,
    [organizationId, leadEventTypes],
  );
  return { organizationId, endpointId: row?.id ?? '' };
}

/** A lead with its four events, each delivered by one attempt. */
async function deliverLead(organizationId: string, endpointId: string): Promise<void> {
  const leadId = randomUUID();
  const published = await publishing(db).publish({
    subject: `lead/${organizationId}/${leadId}`,
    organizationId,
    mode: 'prod',
    claims: [],
    events: leadEventTypes.map((type) => ({
      eventId: randomUUID(),
      type,
      cause: 'once',
      occurredAt: Date.now(),
      body: JSON.stringify({ event: type, filler: 'x'.repeat(1_200) }),
      traceparent: null,
    })),
    lead: { leadId, stage: 'contact_requested', leadStatus: 'contact_info_provided' },
  });
  for (const { id: deliveryId } of published) {
    const result = { statusCode: 204, responseBody: '', error: null, durationMs: 20, retryAfter: null };
    await attempts(db).record({
      attemptId: randomUUID(),
      deliveryId,
      endpointId,
      number: 1,
      ageMs: 20,
      result,
      outcome: { kind: 'delivered' },
      nextAttemptAt: null,
    });
  }
}

async function deliverAll(organizationId: string, endpointId: string): Promise<void> {
  let left = leads;
  const some = async (): Promise<void> => {
    while (left-- > 0) await deliverLead(organizationId, endpointId);
  };
  await Promise.all(Array.from({ length: atOnce }, some));
}

async function removeAll(endpointId: string): Promise<number> {
  const before = new Date(Date.now() + 60_000);
  let removed = 0;
  for (let after: Position | null = null; ; ) {
    const batch: DeliveryBatch = await retention(db).removeDeliveries(endpointId, before, after, batchSize);
    removed += batch.removed.deliveries;
    if (batch.next === null) return removed;
    after = batch.next;
  }
}

const deliveries = leads * leadEventTypes.length;
const row = (what: string, { cpuMs: cpu, tookMs }: Cost): string =>
  `| ${what} | ${((cpu / deliveries) * 1_000).toFixed(0)} | ${((deliveries / tookMs) * 1_000).toFixed(0)} |\n`;
try {
  const { organizationId, endpointId } = await anEndpoint(db);
  const made = await costOf(() => deliverAll(organizationId, endpointId));
  await db.execute('vacuum analyze');
  const [size] = await db.query<{ bytes: number }>(
    `select sum(pg_total_relation_size(name::regclass))::float8 as bytes from unnest(array['deliveries', 'attempts', 'event_bodies']) name`,
  );
  const removed = await costOf(async () => {
    const count = await removeAll(endpointId);
    if (count !== deliveries) throw new Error(`retention removed ${count} of ${deliveries} deliveries`);
  });
  const vacuumed = await costOf(() => db.execute('vacuum deliveries, attempts, event_bodies'));
  process.stdout.write('| A delivery, with its attempt and body | µs of CPU in Postgres | a second |\n|---|---|---|\n');
  process.stdout.write(row('made and delivered', made) + row('removed', removed) + row('vacuumed', vacuumed));
  process.stdout.write(
    `${Math.round((size?.bytes ?? 0) / deliveries)} bytes a delivery, with attempt, body and indexes\n`,
  );
} finally {
  await db.close();
  await postgres.stop();
  rmSync(home, { recursive: true, force: true });
}
process.exit(0);
