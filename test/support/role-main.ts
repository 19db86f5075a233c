import { buildDeps } from '../../src/deps.ts';
import { startRelay } from '../../src/outbox/relay.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { installRuntime } from '../../src/temporal/runtime.ts';
import { startWorker } from '../../src/temporal/worker.ts';
import type { RoleInput } from './role-process.ts';

/** A worker or a relay in a process of its own, to be killed. Says 'ready' to its parent. */
const { role, config, taskQueue, bundlePath } = JSON.parse(process.argv[2] ?? '') as RoleInput;
if (role === 'worker') installRuntime(createLog({ logLevel: 'error' }, role));
const deps = await buildDeps(config, { role, taskQueue });
const running = await (role === 'worker' ? startWorker(deps, { codePath: bundlePath }) : startRelay(deps));
process.on('SIGTERM', () => {
  void running
    .stop()
    .then(() => deps.close())
    .then(() => process.exit(0));
});
// A test run that is killed leaves no process behind.
process.on('disconnect', () => process.exit(1));
process.send?.('ready');
