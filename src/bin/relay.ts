import { checkSchema } from '../db/migrate.ts';
import { buildDeps } from '../deps.ts';
import { startRelay } from '../outbox/relay.ts';
import { run } from './run.ts';

await run('relay', async ({ config, onStop }) => {
  const deps = await buildDeps(config, { role: 'relay' });
  onStop(deps.close);
  await checkSchema(deps.db);
  const relay = await startRelay(deps);
  onStop(relay.stop);
});
