import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '../src/db/migrate.ts';
import { buildDeps, type Deps } from '../src/deps.ts';
import { startPostgres } from '../dev/embedded/postgres.ts';
import { startTemporal } from '../dev/embedded/temporal.ts';
import type { Environment } from '../src/config/config.ts';
import { benchConfig } from './config.ts';

export const say = (line: string): void => void process.stdout.write(`${line}\n`);
export const ms = (value: number): string => `${value.toFixed(1)} ms`;

export interface WorkerUsage {
  /** CPU time the worker's process has used, milliseconds. */
  cpuMs: number;
  /** What it holds of the machine's memory, MiB. */
  memoryMiB: number;
}

/**
 * Real servers of the benchmark's own, durable as the service runs them, and the service's worker in a process beside.
 */
export interface Rig {
  /** The client's side: it signals, and reads the database. */
  deps: Deps;
  worker(): Promise<WorkerUsage>;
  stop(): Promise<void>;
}

/** @param settings the service's, where they are not given in this process's environment */
export async function startRig(settings: Environment = {}): Promise<Rig> {
  const dataDir = mkdtempSync(join(tmpdir(), 'spark360-bench-'));
  const postgres = await startPostgres({ dataDir, fsync: true });
  const temporal = await startTemporal({ dataDir, retentionDays: 1, report: say });
  await migrate(postgres.url);
  const environment = {
    ...settings,
    ...process.env,
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    ADMIN_API_KEY: randomUUID(),
    DATA_DIR: dataDir,
  };
  const worker = fork(fileURLToPath(new URL('./worker.js', import.meta.url)), {
    env: environment,
    execArgv: ['--v8-pool-size=1', '--no-memory-reducer'], // as docker-compose.yml and `npm start` have it
  });
  await once(worker, 'message');
  const deps = await buildDeps(benchConfig(environment), { role: 'bench' });
  return {
    deps,
    worker: () => usageOf(worker),
    async stop() {
      worker.kill('SIGTERM');
      await once(worker, 'exit');
      await deps.close();
      await temporal.stop();
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function usageOf(child: ChildProcess): Promise<WorkerUsage> {
  child.send('usage');
  const [usage] = (await once(child, 'message')) as [WorkerUsage];
  return usage;
}
