import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../src/db/migrate.ts';
import { startPostgres } from '../../dev/embedded/postgres.ts';
import { startTemporal } from '../../dev/embedded/temporal.ts';
import { bundleWorkflows } from '../../src/temporal/workflow-bundle.ts';
import { createDatabase, dropDatabase } from './databases.ts';

/** Left for the teardown, which is another module instance. */
export interface Started {
  stop: () => Promise<void>;
}

/**
 * Starts Postgres and Temporal once per run, unless TEST_DATABASE_URL or TEMPORAL_ADDRESS name running ones, migrates
 * the template that test files clone, and bundles the workflows that all of them run.
 */
export default async function globalSetup(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'spark360-test-'));
  const stops: (() => Promise<void>)[] = [async () => rmSync(dataDir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const step of stops.toReversed()) await step();
  };
  (globalThis as { started?: Started }).started = { stop };
  try {
    if (!process.env.TEST_DATABASE_URL) {
      const postgres = await startPostgres({ dataDir, fsync: false });
      stops.push(postgres.stop);
      process.env.TEST_DATABASE_URL = postgres.url;
    }
    if (!process.env.TEMPORAL_ADDRESS) {
      const report = (line: string): void => void process.stderr.write(`${line}\n`);
      const temporal = await startTemporal({ dataDir, retentionDays: 1, report });
      stops.push(temporal.stop);
      process.env.TEMPORAL_ADDRESS = temporal.address;
    }
    const template = `template_${process.pid}`;
    const url = await createDatabase(template);
    stops.push(() => dropDatabase(template));
    await migrate(url);
    process.env.TEST_TEMPLATE_DATABASE = template;
    const bundlePath = join(dataDir, 'workflow-bundle.js');
    await writeFile(bundlePath, await bundleWorkflows());
    process.env.TEST_WORKFLOW_BUNDLE = bundlePath;
  } catch (error) {
    await stop();
    throw error;
  }
}
