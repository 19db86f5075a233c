import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deps } from '../src/deps.ts';
import { aLead } from '../test/support/lead-events.ts';
import { anEndpoint, anOrganization } from '../test/support/partners.ts';
import { arrivalOf, type Partner, startPartner } from './leads.ts';
import { closedLoop, median, quantile } from './measure.ts';
import { ms, type Rig, say } from './rig.ts';

const backlog = Number(process.env.BENCH_BACKLOG ?? 1_000);
export const seconds = Number(process.env.BENCH_SECONDS ?? 30);
const perSecond = 10;
/** What the burst of new leads left to do is done by then (milliseconds). */
const calmMs = 15_000;
/** The first retries of those that failed come in the first ones of these; by the last it is quiet. */
export const windows = 4;
/** Leads before the first look. */
const warm = Number(process.env.BENCH_WARM ?? 100);
/** Of the leads of a run: the worker's parts do not get the same share of them. */
const spare = 1.2;

/**
 * In a worker whose cache is full, each new lead waits until an older one has left it. Were it full from somewhere in
 * the middle on, that would be taken for what the bad endpoints cost: so it keeps all leads of a run. Less, and as many
 * leads before (`MAX_CACHED_WORKFLOWS`, `BENCH_WARM`), and it is full in all looks.
 */
export const isolationSettings = {
  MAX_CACHED_WORKFLOWS: String(
    Math.min(20_000, Math.ceil((warm + 3 * backlog + 3 * windows * seconds * perSecond) * spare)),
  ),
};

interface BadPartner {
  name: string;
  organizationId: string;
  endpointId: string;
  /** The most requests it ever had open at once. */
  mostOpen(): number;
  close(): void;
}

async function startBad(deps: Deps, name: string, answer: (response: ServerResponse) => void): Promise<BadPartner> {
  let open = 0;
  let most = 0;
  const server = createServer((request, response) => {
    open += 1;
    most = Math.max(most, open);
    response.once('close', () => {
      open -= 1;
    });
    request.resume().once('end', () => answer(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const organizationId = await anOrganization(deps);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { id: endpointId } = await anEndpoint(deps, organizationId, url);
  return {
    name,
    organizationId,
    endpointId,
    mostOpen: () => most,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * Waits until every lead has published: before that they are a burst of new leads, not leads behind an endpoint. Gives
 * the seconds it took.
 */
async function published(deps: Deps, partners: BadPartner[]): Promise<number> {
  const started = performance.now();
  for (;;) {
    const [row] = await deps.db.query<{ count: number }>(
      'select count(*)::int as count from deliveries where organization_id = any($1)',
      [partners.map(({ organizationId }) => organizationId)],
    );
    if ((row?.count ?? 0) >= backlog * partners.length) return (performance.now() - started) / 1000;
    await sleep(500);
  }
}

/**
 * Latencies from signal to the healthy partner, at an even rate.
 * This client's garbage is collected before, not during it.
 */
async function steady(deps: Deps, partner: Partner): Promise<number[]> {
  globalThis.gc?.();
  const all = Array.from({ length: seconds * perSecond }, async (_, index) => {
    await sleep((index * 1_000) / perSecond);
    return arrivalOf(deps, partner);
  });
  return Promise.all(all);
}

/** The same for all windows, one after the other. */
export async function steadyInWindows(deps: Deps, partner: Partner): Promise<number[]> {
  const latencies: number[] = [];
  for (let window = 1; window <= windows; window += 1) latencies.push(...(await steady(deps, partner)));
  return latencies;
}

/** From now on: what the worker takes of a core, and its memory when asked. */
async function meter(worker: Rig['worker']): Promise<() => Promise<string>> {
  const from = await worker();
  const started = performance.now();
  return async () => {
    const { cpuMs, memoryMiB } = await worker();
    const share = (cpuMs - from.cpuMs) / (performance.now() - started);
    return `worker ${(share * 100).toFixed(0)} % of a core, ${memoryMiB.toFixed(0)} MiB`;
  };
}

async function attemptsSoFar(deps: Deps): Promise<number> {
  const [row] = await deps.db.query<{ count: number }>('select count(*)::int as count from attempts');
  return row?.count ?? 0;
}

/**
 * A hanging, a failing and a slow endpoint, each with its backlog of leads: what does a healthy one notice? The second
 * look alone shows what the machine itself changed during the run.
 */
export async function isolation({ deps, worker }: Rig): Promise<void> {
  const healthy = await startPartner(deps);
  await closedLoop(warm, 16, async () => void (await arrivalOf(deps, healthy)));
  await sleep(calmMs);
  const usedAlone = await meter(worker);
  // As long as all windows beside them: of few the hundredth slowest is a matter of luck.
  const alone = await steadyInWindows(deps, healthy);
  const aloneUsage = await usedAlone();
  const bad = await Promise.all([
    startBad(deps, 'hanging', () => {}),
    startBad(deps, 'failing', (response) => response.writeHead(500).end()),
    startBad(deps, 'slow', (response) => setTimeout(() => response.writeHead(200).end(), 2_000)),
  ]);
  const filled = await closedLoop(backlog * bad.length, 16, async (index) => {
    const partner = bad[index % bad.length];
    if (partner !== undefined) await deps.client.publish(aLead(partner.organizationId).created());
  });
  const caughtUp = await published(deps, bad);
  say(
    `${backlog} leads behind each of a hanging, a failing and a slow endpoint: signalled in ${filled.toFixed(0)} s, all in their lanes ${caughtUp.toFixed(0)} s later`,
  );
  await sleep(calmMs);
  const compared = (what: string, latencies: number[], more: string): void => {
    const [p50, p99] = [median(latencies), quantile(latencies, 0.99)];
    say(
      `${what}: p50 ${ms(p50)} p99 ${ms(p99)}; ratio p50 ${(p50 / median(alone)).toFixed(2)} ` +
        `p99 ${(p99 / quantile(alone, 0.99)).toFixed(2)}${more}`,
    );
  };
  compared(`healthy endpoint alone, ${seconds * windows} s`, alone, `; ${aloneUsage}`);
  const all: number[] = [];
  for (let window = 1; window <= windows; window += 1) {
    const attemptsBefore = await attemptsSoFar(deps);
    const usage = await meter(worker);
    const beside = await steady(deps, healthy);
    const atOthers = (await attemptsSoFar(deps)) - attemptsBefore - beside.length;
    compared(
      `beside them, ${seconds} s`,
      beside,
      `; ${(atOthers / seconds).toFixed(1)} attempts a second at them; ${await usage()}`,
    );
    all.push(...beside);
  }
  compared('beside them, all of it', all, '');
  for (const { endpointId } of bad) await deps.activityDeps.endpointStatus.pause(endpointId);
  await sleep(calmMs);
  const again = await steadyInWindows(deps, healthy);
  compared(`alone again, the others paused, ${seconds * windows} s`, again, '');
  const against = (share: number): string =>
    ((2 * quantile(all, share)) / (quantile(alone, share) + quantile(again, share))).toFixed(2);
  say(`beside them against the mean of alone before and after: ratio p50 ${against(0.5)} p99 ${against(0.99)}`);
  for (const partner of bad) say(`most requests open at once at the ${partner.name} endpoint: ${partner.mostOpen()}`);
  for (const partner of bad) partner.close();
  await healthy.close();
}
