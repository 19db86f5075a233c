import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';

/** Something that goes wrong, and is mended when it resolves. */
export interface Fault {
  /** Names its row in the report. */
  name: string;
  strike(cluster: Cluster): Promise<void>;
}

const between = (least: number, most: number): number => least + Math.random() * (most - least);
const oneOf = <Item>(items: readonly Item[]): Item => {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
};

/** Longer than a worker's heartbeat timeout (10 s): others have taken over by the time it thaws. */
const longFreezeMs = 13_000;

const killOne = (name: string, roles: (cluster: Cluster) => Cluster['workers']): Fault => ({
  name: `kill -9 ${name}`,
  strike: (cluster) => oneOf(roles(cluster)).kill(between(0, 2_000)),
});

const freezeOne = (name: string, roles: (cluster: Cluster) => Cluster['workers'], mostMs: number): Fault => ({
  name: `freeze ${name}`,
  async strike(cluster) {
    const role = oneOf(roles(cluster));
    role.freeze();
    await sleep(between(mostMs / 3, mostMs));
    role.thaw();
  },
});

async function killServers(cluster: Cluster): Promise<void> {
  await Promise.all([cluster.postgres.kill(between(0, 2_000)), cluster.temporal.kill(between(0, 2_000))]);
}

const forgetful = (name: string, which: 'toPostgres' | 'toTemporal'): Fault => ({
  name: `network ${name}: connections forgotten`,
  strike: async (cluster) => cluster[which].forgetConnections(),
});

const onNetwork = (name: string, which: 'toPostgres' | 'toTemporal', how: 'cut' | 'stall' | 'slow'): Fault => ({
  name: `network ${name}: ${how}`,
  async strike(cluster) {
    const network = cluster[which];
    if (how === 'slow') network.slow(between(50, 400));
    else network[how]();
    await sleep(between(1_000, 6_000));
    network.mend();
  },
});

export const faults: readonly Fault[] = [
  killOne('a worker', ({ workers }) => workers),
  {
    name: 'kill -9 all workers',
    strike: async ({ workers }) => void (await Promise.all(workers.map((worker) => worker.kill(between(0, 2_000))))),
  },
  killOne('relay', ({ relays }) => relays),
  killOne('API', ({ apis }) => apis),
  { name: 'kill -9 Temporal', strike: ({ temporal }) => temporal.kill(between(0, 2_000)) },
  { name: 'kill -9 Postgres', strike: ({ postgres }) => postgres.kill(between(0, 2_000)) },
  {
    name: 'kill -9 one backend of Postgres',
    async strike({ postgres }) {
      postgres.killOneChild();
      await sleep(500); // it ends all sessions and recovers by itself
    },
  },
  {
    name: 'kill -9 everything',
    async strike(cluster) {
      const roles = cluster.roles().map((role) => role.kill(between(0, 2_000)));
      await Promise.all([killServers(cluster), ...roles]);
    },
  },
  freezeOne('a worker', ({ workers }) => workers, longFreezeMs),
  freezeOne('relay', ({ relays }) => relays, 6_000),
  freezeOne('API', ({ apis }) => apis, 6_000),
  {
    name: 'freeze Temporal',
    async strike({ temporal }) {
      temporal.freeze();
      await sleep(between(1_000, 6_000));
      temporal.thaw();
    },
  },
  {
    name: 'freeze Postgres',
    async strike({ postgres }) {
      postgres.freeze();
      await sleep(between(1_000, 6_000));
      postgres.thaw();
    },
  },
  onNetwork('to Temporal', 'toTemporal', 'cut'),
  onNetwork('to Temporal', 'toTemporal', 'stall'),
  onNetwork('to Temporal', 'toTemporal', 'slow'),
  onNetwork('to Postgres', 'toPostgres', 'cut'),
  onNetwork('to Postgres', 'toPostgres', 'stall'),
  onNetwork('to Postgres', 'toPostgres', 'slow'),
  forgetful('to Temporal', 'toTemporal'),
  forgetful('to Postgres', 'toPostgres'),
];
