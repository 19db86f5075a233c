import { checkSchema } from '../db/migrate.ts';
import { buildDeps } from '../deps.ts';
import { startApi } from '../http/server.ts';
import { run } from './run.ts';

await run('api', async ({ config, onStop }) => {
  const deps = await buildDeps(config, { role: 'api' });
  onStop(deps.close);
  await checkSchema(deps.db);
  const api = await startApi(deps);
  onStop(api.close);
});
