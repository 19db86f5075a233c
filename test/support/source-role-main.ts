import { buildDeps } from '../../src/deps.ts';
import { startRelay } from '../../src/outbox/relay.ts';
import { createLog } from '../../src/log.ts';
import { installRuntime } from '../../src/temporal/runtime.ts';
import { startWorker } from '../../src/temporal/worker.ts';
import type { SourceRoleInput } from './source-role.ts';

/** A worker or a relay in a process of its own, to be killed. Says that it has started as the service's roles do. */
const { role, config, taskQueue, bundlePath } = JSON.parse(process.argv[2] ?? '') as SourceRoleInput;
if (role === 'worker') installRuntime(createLog({ logLevel: 'error' }, role));
const deps = await buildDeps(config, { role, taskQueue });
const running = await (role === 'worker' ? startWorker(deps, { codePath: bundlePath }) : startRelay(deps));
process.on('SIGTERM', () => {
  void running
    .stop()
    .then(() => deps.close())
    .then(() => process.exit(0));
});
process.stdout.write(`${JSON.stringify({ msg: 'started' })}\n`);
