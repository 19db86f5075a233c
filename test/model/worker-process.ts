import { buildDeps } from '../../src/deps.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { installRuntime } from '../../src/temporal/runtime.ts';
import { startWorker } from '../../src/temporal/worker.ts';
import type { WorkerInput } from './workers.ts';

/** A worker in a process of its own, to be killed. Says 'ready' to its parent. */
const { config, taskQueue, bundlePath } = JSON.parse(process.argv[2] ?? '') as WorkerInput;
installRuntime(createLog({ logLevel: 'error' }, 'worker'));
const deps = await buildDeps(config, { role: 'worker', taskQueue });
const worker = await startWorker(deps, { codePath: bundlePath });
process.on('SIGTERM', () => {
  void worker
    .stop()
    .then(() => deps.close())
    .then(() => process.exit(0));
});
// A test run that was killed leaves nobody behind.
process.on('disconnect', () => process.exit(1));
process.send?.('ready');
