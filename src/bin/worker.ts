import type { Connection } from '@temporalio/client';
import { checkSchema } from '../db/migrate.ts';
import { buildDeps } from '../deps.ts';
import { installRuntime } from '../temporal/runtime.ts';
import { ensureRetentionSchedule } from '../temporal/schedules.ts';
import { ensureSearchAttributes } from '../temporal/search-attributes.ts';
import { startWorker } from '../temporal/worker.ts';
import { run } from './run.ts';

await run('worker', async ({ config, log, onStop }) => {
  installRuntime(log);
  const deps = await buildDeps(config, { role: 'worker' });
  onStop(deps.close);
  await checkSchema(deps.db);
  await ensureSearchAttributes(deps.temporal.connection as Connection, config.temporalNamespace);
  await ensureRetentionSchedule(deps.temporal, deps.taskQueue);
  const worker = await startWorker(deps);
  onStop(worker.stop);
});
