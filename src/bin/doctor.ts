import { ConfigError, readConfig } from '../config/config.ts';
import { developmentKeys } from '../config/development-keys.ts';
import { buildDeps } from '../deps.ts';
import type { Finding, Tell } from '../doctor/check.ts';
import { examine } from '../doctor/doctor.ts';
import { withEmbeddedAddresses } from '../../dev/embedded/addresses.ts';
import { systemResolve } from '../webhooks/resolve.ts';

/** Examines the service that the environment describes. */
export async function runDoctor({ fix, tell }: { fix: boolean; tell: Tell }): Promise<Finding[]> {
  const config = await readEnvironment();
  if (Array.isArray(config)) return config;
  // stdout is for what was found.
  const built = await buildDeps({ ...config, logLevel: 'silent' }, { role: 'doctor' });
  try {
    const { db, temporal, taskQueue, keyRing, client, activityDeps } = built;
    const { outbox, wake } = activityDeps;
    const publish = (event: unknown) => client.publish(event);
    const deps = {
      config,
      db,
      temporal,
      taskQueue,
      keyRing,
      outbox,
      wake,
      publish,
      resolve: systemResolve,
      now: Date.now,
    };
    return await examine(deps, { fix, tell });
  } finally {
    await built.close();
  }
}

const nothingSet =
  'Run it where the service runs, with its environment, or in the folder of `npm start` while that runs.';

async function readEnvironment(): Promise<Awaited<ReturnType<typeof withEmbeddedAddresses>> | Finding[]> {
  const failed = (detail: string, remedy: string): Finding[] => [
    { check: 'configuration', status: 'failed', detail, remedy, fixed: null },
  ];
  try {
    const config = await withEmbeddedAddresses(readConfig(process.env, developmentKeys));
    const missing = [
      ...(config.databaseUrl === undefined ? ['DATABASE_URL'] : []),
      ...(config.temporalAddress === undefined ? ['TEMPORAL_ADDRESS'] : []),
    ];
    return missing.length === 0 ? config : failed(`Not set: ${missing.join(', ')}.`, nothingSet);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return failed(error.message.replaceAll('\n', '; '), 'docs/configuration.md has every variable.');
  }
}
