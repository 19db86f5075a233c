import { checkDatabases } from './check-databases.ts';
import { checkSchema } from '../db/migrate.ts';
import { buildDeps } from '../deps.ts';
import { startAdmin } from '../http/admin.ts';
import { NotReadyError } from '../http/routes/health.ts';
import { startRelay } from '../outbox/relay.ts';
import { run } from './run.ts';

await run('relay', async ({ config, log, onStop }) => {
  await checkDatabases(config);
  const deps = await buildDeps(config, { role: 'relay' });
  onStop(deps.close);
  await checkSchema(deps.db);
  const relay = await startRelay(deps);
  onStop(relay.stop);
  const admin = await startAdmin({
    ...deps,
    checks: {
      relay: async () => {
        const { ok, reason } = relay.health();
        if (!ok) throw new NotReadyError(reason ?? 'not available');
      },
    },
  });
  onStop(admin.close);
  if (admin.url !== null) log.info({ url: admin.url }, 'health and metrics');
});
