import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { freePort } from '../../dev/embedded/ports.ts';
import { startProcess } from '../../dev/embedded/process.ts';
import { temporalBinary } from '../../dev/embedded/temporal-binary.ts';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { eventually } from './eventually.ts';

/** A Temporal server of a test's own, in memory, where it needs settings that the shared one must not have. */
export async function startTemporalWith(settings: Record<string, number>): Promise<{
  address: string;
  stop(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'spark360-temporal-'));
  const port = await freePort();
  const server = await startProcess({
    command: await temporalBinary({ report: (line) => process.stderr.write(`${line}\n`) }),
    args: [
      ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', `${port}`, '--log-level', 'error'],
      ...Object.entries(settings).flatMap(([name, value]) => ['--dynamic-config-value', `${name}=${value}`]),
    ],
    logFile: join(folder, 'temporal.log'),
    recordFile: join(folder, 'process.json'),
    parentDeathSignal: 'KILL',
  });
  const address = `127.0.0.1:${port}`;
  await eventually(async () => {
    const connection = await Connection.connect({ address, connectTimeout: 1_000 });
    try {
      await ensureSearchAttributes(connection, 'default');
    } finally {
      await connection.close();
    }
  });
  return {
    address,
    async stop() {
      await server.stop('SIGTERM', 2_000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
