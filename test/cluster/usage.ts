import type { Database } from '../../src/db/pool.ts';
import type { Rig } from '../faults/rig.ts';
import type { Server } from '../faults/servers.ts';
import { cpuMs } from './cpu.ts';

/** What is measured: a cluster, with the Postgres that its Temporal has for itself. */
export interface Measured {
  cluster: Rig['cluster'];
  temporalPostgres: Server;
  temporalDb: Database;
}

/** What each part used during a piece of work, by its name. */
export interface Usage {
  tookMs: number;
  cpuMs: Record<string, number>;
  /** Of the databases and of their write-ahead logs. */
  grownBytes: Record<string, number>;
}

/** Runs `work`; gives what it gave and what was used. No process may be replaced in between. */
export async function used<Result>(
  measured: Measured,
  work: () => Promise<Result>,
): Promise<{ result: Result; usage: Usage }> {
  const startedAt = performance.now();
  const [cpu, bytes] = [cpuOfParts(measured), await sizes(measured)];
  const result = await work();
  const usage = {
    tookMs: performance.now() - startedAt,
    cpuMs: difference(cpuOfParts(measured), cpu),
    grownBytes: difference(await sizes(measured), bytes),
  };
  return { result, usage };
}

const difference = (after: Record<string, number>, before: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));

function cpuOfParts({ cluster, temporalPostgres }: Measured): Record<string, number> {
  const sum = (members: readonly { pid(): number }[]): number =>
    members.reduce((total, { pid }) => total + cpuMs(pid()), 0);
  const { user, system } = process.cpuUsage();
  return {
    'API (2 processes)': sum(cluster.apis),
    'relay (2)': sum(cluster.relays),
    'worker (3)': sum(cluster.workers),
    Temporal: sum([cluster.temporal]),
    "Temporal's Postgres": sum([temporalPostgres]),
    'our Postgres': sum([cluster.postgres]),
    'backend, balancer, network, partners': (user + system) / 1_000,
  };
}

async function sizes({ cluster, temporalDb }: Measured): Promise<Record<string, number>> {
  const ofServer = async (name: string, db: Database): Promise<[string, number][]> => {
    const [row] = await db.query<{ data: number; wal: number }>(
      `select (select sum(pg_database_size(oid)) from pg_database)::float8 as data,
              (select wal_bytes from pg_stat_wal)::float8 as wal`,
    );
    return [
      [`${name}: data`, row?.data ?? 0],
      [`${name}: write-ahead log`, row?.wal ?? 0],
    ];
  };
  return Object.fromEntries([
    ...(await ofServer('our Postgres', cluster.db)),
    ...(await ofServer("Temporal's Postgres", temporalDb)),
  ]);
}

/**
 * How fast a core of this machine is just now: milliseconds of CPU for a fixed piece of work, JSON read and written, so
 * that figures of two runs and of two machines can be compared.
 */
export function calibrationMs(): number {
  const objects = Array.from({ length: 100 }, (_, index) => ({ id: index, name: `lead ${index}`, at: index / 3 }));
  const text = JSON.stringify(objects);
  const before = process.cpuUsage();
  for (let round = 0; round < 5_000; round += 1) JSON.stringify(JSON.parse(text));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
