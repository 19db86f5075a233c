import { checkDatabases } from './check-databases.ts';
import type { Connection } from '@temporalio/client';
import { checkSchema } from '../db/migrate.ts';
import { buildDeps } from '../deps.ts';
import { freePort } from '../../dev/embedded/ports.ts';
import { startAdmin } from '../http/admin.ts';
import { NotReadyError } from '../http/routes/health.ts';
import { installRuntime } from '../temporal/runtime.ts';
import { ensureSchedules } from '../temporal/schedules.ts';
import { ensureSearchAttributes } from '../temporal/search-attributes.ts';
import { startWorker } from '../temporal/worker.ts';
import { run } from './run.ts';

await run('worker', async ({ config, log, onStop, onFailure }) => {
  // The SDK serves its metrics on loopback; ours are joined with them.
  const sdkMetricsAddress = config.metricsPort === undefined ? undefined : `127.0.0.1:${await freePort()}`;
  installRuntime(log, sdkMetricsAddress);
  await checkDatabases(config);
  const deps = await buildDeps(config, { role: 'worker' });
  onStop(deps.close);
  let state = 'starting';
  const admin = await startAdmin({
    ...deps,
    sdkMetricsAddress,
    checks: {
      postgres: () => deps.db.query('select 1'),
      temporal: deps.temporalReady,
      worker: async () => {
        if (state !== 'running') throw new NotReadyError(state);
      },
    },
  });
  onStop(admin.close);
  if (admin.url !== null) log.info({ url: admin.url }, 'health and metrics');
  await checkSchema(deps.db);
  await ensureSearchAttributes(deps.temporal.connection as Connection, config.temporalNamespace);
  await ensureSchedules(deps.temporal, deps.taskQueue);
  const worker = await startWorker(deps);
  state = 'running';
  onStop(() => {
    state = 'stopping';
    return worker.stop();
  });
  void worker.failure.then(onFailure);
});
