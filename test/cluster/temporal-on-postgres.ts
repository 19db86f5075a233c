import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { startProcess } from '../../dev/embedded/process.ts';
import { type Server, serverOf } from '../faults/servers.ts';
import { eventually } from '../support/eventually.ts';
import { quietPort } from '../support/quiet-port.ts';
import { temporalBinaries } from './temporal-binaries.ts';
import { dynamicConfiguration, stores, temporalConfiguration } from './temporal-configuration.ts';

export interface TemporalOnPostgresOptions {
  /** An absolute folder, where its configuration and log go. */
  home: string;
  /** A server on which its two databases are made. */
  postgresUrl: string;
  /** History shards. */
  shards: number;
  /** Hears what takes minutes. */
  report: (line: string) => void;
}

const startTimeoutMs = 60_000;
const dayMs = 86_400_000;

/** Temporal's own server, as a cluster runs it: its four services in one process, their state in Postgres. */
export async function startTemporalOnPostgres(options: TemporalOnPostgresOptions): Promise<Server> {
  const { home, postgresUrl, shards, report } = options;
  const { server, sqlTool } = temporalBinaries(report);
  for (const [database, schema] of Object.entries(stores)) await makeSchema(sqlTool, postgresUrl, database, schema);
  const port = await quietPort();
  await writeConfiguration(home, postgresUrl, shards, port);
  return serverOf('Temporal', home, () => launch(server, home, `127.0.0.1:${port}`));
}

async function makeSchema(sqlTool: string, postgresUrl: string, database: string, schema: string): Promise<void> {
  const { hostname, port, username, password } = new URL(postgresUrl);
  const where = ['--plugin', 'postgres12', '--ep', hostname, '-p', port, '-u', username, '--db', database];
  const env = { ...process.env, SQL_PASSWORD: decodeURIComponent(password) };
  const tool = (...args: string[]) => promisify(execFile)(sqlTool, [...where, ...args], { env });
  await tool('create');
  await tool('setup-schema', '-v', '0.0');
  await tool('update-schema', '--schema-name', `postgresql/v12/${schema}`);
}

async function writeConfiguration(home: string, postgresUrl: string, shards: number, port: number): Promise<void> {
  const folder = join(home, 'config');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const dynamicConfigurationFile = join(folder, 'dynamic.yaml');
  const otherPorts = await Promise.all(Array.from({ length: 7 }, quietPort));
  const text = temporalConfiguration({ postgresUrl, shards, port, otherPorts, dynamicConfigurationFile });
  await writeFile(dynamicConfigurationFile, dynamicConfiguration);
  await writeFile(join(folder, 'cluster.yaml'), text, { mode: 0o600 });
}

async function launch(command: string, home: string, address: string) {
  const logFile = join(home, 'temporal.log');
  const child = await startProcess({
    command,
    args: ['--root', home, '--config', 'config', '--env', 'cluster', '--allow-no-auth', 'start'],
    logFile,
    recordFile: join(home, 'process.json'),
    parentDeathSignal: 'KILL',
  });
  await eventually(async () => {
    if (child.hasEnded()) throw new Error(`Temporal ended:\n${(await readFile(logFile, 'utf8')).slice(-2_000)}`);
    await ensureNamespace(address);
  }, startTimeoutMs);
  return { address, ended: child.ended, stop: () => child.stop('SIGTERM', 5_000) };
}

/** Throws while the server does not answer, or does not know the namespace yet. */
async function ensureNamespace(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  try {
    const { workflowService } = connection;
    const { namespaces } = await workflowService.listNamespaces({});
    if (!namespaces.some(({ namespaceInfo }) => namespaceInfo?.name === 'default'))
      await workflowService.registerNamespace({
        namespace: 'default',
        workflowExecutionRetentionPeriod: msToTs(dayMs),
      });
    await workflowService.describeNamespace({ namespace: 'default' });
  } finally {
    await connection.close();
  }
}
