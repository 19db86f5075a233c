import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deps } from '../src/deps.ts';
import { shownStatus } from '../src/db/shown-status.ts';
import { anEndpoint, anOrganization } from '../test/support/partners.ts';
import { rowsWithoutWorkflows } from '../test/support/unsettled-rows.ts';
import { arrivalOf, type Partner, startPartner } from './leads.ts';
import { median, quantile } from './measure.ts';
import { ms, type Rig, say } from './rig.ts';

const deliveries = Number(process.env.BENCH_DELIVERIES ?? 500_000);
const perLead = 4;
/** How long a drain is watched (seconds); 0: to its end. */
const drainSeconds = Number(process.env.BENCH_DRAIN ?? 60);
const perSecond = 5;

interface Target {
  organization: string;
  endpoint: string;
  arrived(): number;
  close(): void;
}

async function startTarget(deps: Deps, status: 'held' | 'abandoned'): Promise<Target> {
  let arrived = 0;
  const server = createServer((request, response) => {
    arrived += 1;
    request.resume().once('end', () => response.writeHead(204).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const organization = await anOrganization(deps);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { id: endpoint } = await anEndpoint(deps, organization, url);
  const startedAt = performance.now();
  await rowsWithoutWorkflows(deps.db, { organization, endpoint, leads: deliveries / perLead }, status);
  say(`${deliveries} rows (${status}) written in ${ms(performance.now() - startedAt)}`);
  return {
    organization,
    endpoint,
    arrived: () => arrived,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** How long a call takes to answer. */
async function timed(name: string, work: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await work();
  say(`${name}: answered in ${ms(performance.now() - startedAt)}`);
}

/** Sends events of new leads to a healthy endpoint until it is told to stop; gives their latencies. */
function watchOthers(deps: Deps, partner: Partner): { stop(): Promise<number[]> } {
  const latencies: Promise<number>[] = [];
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      latencies.push(arrivalOf(deps, partner));
      await sleep(1_000 / perSecond);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await running;
      return Promise.all(latencies);
    },
  };
}

async function untilNone(deps: Deps, sql: string, values: unknown[]): Promise<number> {
  const startedAt = performance.now();
  while ((await deps.db.query(`${sql} limit 1`, values)).length > 0) await sleep(500);
  return (performance.now() - startedAt) / 1_000;
}

const unsettled = `select 1 from deliveries where endpoint_id = $1 and status not in ('delivered', 'abandoned')`;

/** Watches what goes out for a while, or to the end. */
async function watchDrain(deps: Deps, target: Target): Promise<void> {
  const [before, startedAt] = [target.arrived(), performance.now()];
  if (drainSeconds > 0) await sleep(drainSeconds * 1_000);
  else await untilNone(deps, unsettled, [target.endpoint]);
  const seconds = (performance.now() - startedAt) / 1_000;
  const count = target.arrived() - before;
  say(`  ${count} deliveries in ${seconds.toFixed(0)} s, ${(count / seconds).toFixed(0)} a second`);
}

async function remove(deps: Deps, target: Target): Promise<void> {
  await timed('delete', () => deps.operations.remove(target.endpoint));
  const seconds = await untilNone(deps, unsettled, [target.endpoint]);
  say(`  all of it is abandoned after ${seconds.toFixed(1)} s`);
}

/**
 * Half a million deliveries wait at one endpoint: pause, resume, delete and recover, and what other endpoints notice.
 */
export async function endpoint({ deps }: Rig): Promise<void> {
  const partner = await startPartner(deps);
  const alone = watchOthers(deps, partner);
  await sleep(20_000);
  report('others, alone', await alone.stop());

  const held = await startTarget(deps, 'held');
  const beside = watchOthers(deps, partner);
  await timed('pause', () => deps.operations.pause(held.endpoint));
  const [shown] = await deps.db.query<{ count: number }>(
    `select count(*)::int as count from deliveries d join endpoints p on p.id = d.endpoint_id
      where d.endpoint_id = $1 and ${shownStatus} = 'held'`,
    [held.endpoint],
  );
  say(`  ${shown?.count} read held`);
  await timed('resume', () => deps.operations.resume(held.endpoint));
  await watchDrain(deps, held);
  await remove(deps, held);

  const abandoned = await startTarget(deps, 'abandoned');
  const range = { since: new Date(0), until: new Date() };
  const { organization: organizationId, endpoint: endpointId } = abandoned;
  await timed('recover', () => deps.operations.recover({ organizationId, endpointId, ...range }));
  const taking = `select 1 from deliveries where endpoint_id = $1 and status = 'abandoned'`;
  say(`  all of it is taken up after ${(await untilNone(deps, taking, [endpointId])).toFixed(1)} s`);
  await watchDrain(deps, abandoned);
  await remove(deps, abandoned);
  report('others, beside all of it', await beside.stop());
  held.close();
  abandoned.close();
  await partner.close();
}

const report = (name: string, latencies: number[]): void =>
  say(`${name}: ${latencies.length} events, p50 ${ms(median(latencies))} p99 ${ms(quantile(latencies, 0.99))}`);
