import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openDatabase } from '../../src/db/pool.ts';
import { type Balancer, startBalancer } from '../faults/balancer.ts';
import { steadyLoad } from '../faults/load.ts';
import { flaky, healthy } from '../faults/partner.ts';
import { replaceInTurn } from '../faults/replace-roles.ts';
import { type Rig, startRig } from '../faults/rig.ts';
import { startPostgresServer } from '../faults/servers.ts';
import type { Handler } from '../support/receiver.ts';
import { startTemporalOnPostgres } from './temporal-on-postgres.ts';
import { calibrationMs, type Measured, type Usage, used } from './usage.ts';

/**
 * `npm run cluster -- [--shards 4] [--rate 2] [--seconds 60]`: Temporal's own server on Postgres, two APIs behind a
 * balancer, two relays, three workers. A steady load, for figures; the same while every process is replaced in turn by
 * SIGTERM; the same while workers and relays are killed. Ends with 1 when a promise was broken.
 */
const { values } = parseArgs({
  options: {
    shards: { type: 'string', default: '4' },
    rate: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '60' },
  },
});
const leadsPerSecond = Number(values.rate);
const loadMs = Number(values.seconds) * 1_000;
const restMs = 15_000;
const arrivalMs = 180_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * Leads to partners of these behaviours, the first of them healthy, until all is with them. Gives the number of leads.
 */
async function load(rig: Rig, url: string, behaviours: Handler[], until: Promise<unknown>): Promise<number> {
  const organization = await rig.organization(...behaviours);
  const leads = await steadyLoad(rig.backend, { organizationId: organization.id, url, leadsPerSecond, until });
  await organization.arrived(leads, arrivalMs);
  const [latency] = await rig.cluster.db.query<{ seconds: number[] }>(
    `select percentile_cont(array[0.5, 0.95, 0.99]) within group (order by extract(epoch from delivered_at - accepted_at)) as seconds
       from deliveries where endpoint_id = $1`,
    [organization.partner.endpointId],
  );
  const [p50, p95, p99] = (latency?.seconds ?? []).map((seconds) => `${seconds.toFixed(3)} s`);
  say(`  ${leads.length} leads; accepted to delivered at the healthy partner: p50 ${p50}, p95 ${p95}, p99 ${p99}`);
  return leads.length;
}

function sayFigures(leads: number, rest: Usage, busy: Usage): void {
  say('  | CPU | at rest, ms a second | ms a lead |\n  |---|---|---|');
  let totalMs = 0;
  for (const [part, ms] of Object.entries(busy.cpuMs)) {
    const atRest = (rest.cpuMs[part] ?? 0) / rest.tookMs;
    const perLead = (ms - atRest * busy.tookMs) / leads;
    totalMs += perLead;
    say(`  | ${part} | ${(atRest * 1_000).toFixed(1)} | ${perLead.toFixed(1)} |`);
  }
  say(`  together ${totalMs.toFixed(1)} ms a lead\n  | Disk | bytes a lead |\n  |---|---|`);
  for (const [store, bytes] of Object.entries(busy.grownBytes)) say(`  | ${store} | ${Math.round(bytes / leads)} |`);
}

async function run(rig: Rig, { url, allReady: settle }: Balancer, measured: Measured): Promise<string[]> {
  const { apis, relays, workers, db } = rig.cluster;
  say('warm-up');
  await load(rig, url, [healthy], sleep(10_000));
  const { usage: rest } = await used(measured, () => sleep(restMs));
  say(`steady: ${leadsPerSecond} leads a second, calibration ${calibrationMs().toFixed(0)} ms`);
  const { result: leads, usage } = await used(measured, () => load(rig, url, [healthy], sleep(loadMs)));
  say(`  calibration ${calibrationMs().toFixed(0)} ms`);
  sayFigures(leads, rest, usage);

  say('every process replaced by SIGTERM');
  const replaced = replaceInTurn([...apis, ...relays, ...workers], 'SIGTERM', { report: say, settle });
  await load(rig, url, [healthy, flaky], replaced);
  const { repeats } = rig.oracle.verdict;
  say(`  ${repeats} repeats\nworkers and relays killed`);
  await load(rig, url, [healthy, flaky], replaceInTurn([...relays, ...workers], 'SIGKILL', { settle }));
  say(`  ${rig.oracle.verdict.repeats - repeats} repeats`);

  const unsettled = await db.query("select id, status from deliveries where status <> 'delivered'");
  return [
    ...(await replaced),
    ...rig.backend.failures,
    ...rig.oracle.verdict.violations,
    ...unsettled.map(({ id, status }) => `delivery ${id} is ${status}`),
    ...rig.cluster.roles().flatMap((role) => role.crashes().map((words) => `${role.name} ended: ${words}`)),
  ];
}

/** Runs all of it on servers of its own; gives what broke a promise, in words. */
async function onACluster(home: string, closes: (() => unknown)[]): Promise<string[]> {
  const temporalHome = join(home, 'temporal');
  const temporalPostgres = await startPostgresServer(temporalHome);
  closes.push(temporalPostgres.stop);
  const postgresUrl = temporalPostgres.address;
  const temporalDb = openDatabase(postgresUrl, 1, () => undefined);
  closes.push(temporalDb.close);
  const rig = await startRig({
    ...{ home, apis: 2, relays: 2, workers: 3 },
    environment: { NODE_OPTIONS: '--v8-pool-size=1' }, // as the image has it
    startTemporal: () =>
      startTemporalOnPostgres({ home: temporalHome, postgresUrl, shards: Number(values.shards), report: say }),
  });
  closes.push(rig.stop);
  const balancer = await startBalancer(rig.cluster.apiUrls);
  closes.push(balancer.close);
  const problems = await run(rig, balancer, { cluster: rig.cluster, temporalPostgres, temporalDb });
  const { events, requests, repeats } = rig.oracle.verdict;
  say(`${events} events in ${requests} requests, ${repeats} repeats; ${problems.length} promises broken`);
  return problems;
}

const home = mkdtempSync(join(tmpdir(), 'spark360-cluster-'));
const closes: (() => unknown)[] = [];
const problems = await onACluster(home, closes).catch((error: Error) => [error.stack ?? error.message]);
for (const problem of problems.slice(0, 50)) say(`  ${problem}`);
for (const close of closes.reverse()) await close();
if (problems.length === 0) rmSync(home, { recursive: true, force: true });
else say(`logs are in ${home}`);
process.exit(problems.length === 0 ? 0 : 1);
