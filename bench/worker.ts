import { fileURLToPath } from 'node:url';
import { buildDeps } from '../src/deps.ts';
import { installRuntime } from '../src/temporal/runtime.ts';
import { startWorker } from '../src/temporal/worker.ts';
import { bundleWorkflows } from '../src/temporal/workflow-bundle.ts';
import { benchConfig } from './config.ts';
import type { WorkerUsage } from './rig.ts';

/** The service's worker in a process of its own, with the floor's workflow in its bundle. */
const deps = await buildDeps(benchConfig(process.env), { role: 'bench' });
installRuntime(deps.log);
const code = await bundleWorkflows({ workflowsPath: fileURLToPath(new URL('./floor.js', import.meta.url)) });
const worker = await startWorker(deps, { code });
process.once('SIGTERM', () => {
  void worker
    .stop()
    .then(() => deps.close())
    .then(() => process.exit(0));
});
// The benchmark was killed, and nothing else would stop this process.
process.once('disconnect', () => process.exit(1));
process.send?.('ready');
process.on('message', (message) => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  process.send?.({
    cpuMs: (user + system) / 1_000,
    memoryMiB: process.memoryUsage.rss() / 2 ** 20,
  } satisfies WorkerUsage);
});
