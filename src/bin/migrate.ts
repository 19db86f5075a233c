import { migrate } from '../db/migrate.ts';
import { checkDatabases } from './check-databases.ts';
import { runOnce } from './run.ts';

await runOnce('migrate', async ({ config, log }) => {
  if (config.databaseUrl === undefined) throw new Error('DATABASE_URL: required');
  await checkDatabases(config);
  const applied = await migrate(config.databaseUrl, { report: (line) => log.debug(line) });
  log.info({ applied }, 'schema is up to date');
});
