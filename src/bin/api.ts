import { checkDatabases } from './check-databases.ts';
import { checkSchema } from '../db/migrate.ts';
import { buildDeps } from '../deps.ts';
import { startApi } from '../http/server.ts';
import { consoleDir } from './console-dir.ts';
import { run } from './run.ts';

/**
 * How long before it stops a process of several says so:
 * a balancer that asks every two seconds has noticed (milliseconds).
 */
const noticeMs = 5_000;

await run('api', async ({ config, onStop }) => {
  await checkDatabases(config);
  const deps = await buildDeps(config, { role: 'api' });
  onStop(deps.close);
  await checkSchema(deps.db);
  const api = await startApi({ ...deps, consoleDir }, { noticeMs });
  onStop(api.close);
});
