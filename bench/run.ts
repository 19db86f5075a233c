import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '../src/db/migrate.ts';
import { buildDeps } from '../src/deps.ts';
import { startPostgres } from '../src/embedded/postgres.ts';
import { startTemporal } from '../src/embedded/temporal.ts';
import { benchConfig } from './config.ts';
import { floorLeads, journeys, type Partner, spacedJourneys, startPartner } from './leads.ts';
import { median, quantile } from './measure.ts';

const leads = Number(process.env.BENCH_LEADS ?? 300);
const atOnce = Number(process.env.BENCH_AT_ONCE ?? 30);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);

const say = (line: string) => process.stdout.write(`${line}\n`);
const dataDir = mkdtempSync(join(tmpdir(), 'spark360-bench-'));
const postgres = await startPostgres({ dataDir, fsync: true });
const temporal = await startTemporal({ dataDir, retentionDays: 1, report: say });
await migrate(postgres.url);
const environment = {
  ...process.env,
  DATABASE_URL: postgres.url,
  TEMPORAL_ADDRESS: temporal.address,
  ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}`,
  ADMIN_API_KEY: randomUUID(),
};
const worker = fork(fileURLToPath(new URL('./worker.js', import.meta.url)), { env: environment });
await once(worker, 'message');
const deps = await buildDeps(benchConfig(environment), { role: 'bench' });
const partner = await startPartner(deps);

const ms = (value: number) => `${value.toFixed(1)} ms`;
const perSecond = (seconds: number) => leads / seconds;

async function cpu(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ user, system }] = (await once(child, 'message')) as [NodeJS.CpuUsage];
  return (user + system) / 1000;
}

async function round(partner: Partner) {
  const floorSeconds = await floorLeads(deps, leads, atOnce);
  const before = await cpu(worker);
  const journey = await journeys(deps, partner, leads, atOnce);
  const cpuMs = ((await cpu(worker)) - before) / leads;
  return { floor: perSecond(floorSeconds), ours: perSecond(journey.seconds), latencies: journey.latencies, cpuMs };
}

try {
  await floorLeads(deps, 60, atOnce); // both paths warm
  await journeys(deps, partner, 60, atOnce);
  const results = [];
  for (let n = 1; n <= rounds; n += 1) {
    const { floor, ours, latencies, cpuMs } = await round(partner);
    results.push({ floor, ours, ratio: ours / floor });
    say(
      `round ${n}: floor ${floor.toFixed(1)} leads/s, ours ${ours.toFixed(1)} leads/s (${(ours / floor).toFixed(2)} of it, ` +
        `${(ours * 4).toFixed(0)} deliveries/s), signal to receiver p50 ${ms(median(latencies))} p95 ${ms(quantile(latencies, 0.95))}, ` +
        `worker CPU ${cpuMs.toFixed(1)} ms a lead`,
    );
  }
  say(`ratio to the floor, median of ${rounds} rounds: ${median(results.map(({ ratio }) => ratio)).toFixed(2)}`);
  const spaced = await spacedJourneys(deps, partner, 40);
  say(
    `steps one second apart: p50 ${ms(median(spaced))} p95 ${ms(quantile(spaced, 0.95))} p99 ${ms(quantile(spaced, 0.99))}`,
  );
} finally {
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  await partner.close();
  await deps.close();
  await temporal.stop();
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
