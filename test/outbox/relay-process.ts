import type { Config } from '../../src/config.ts';
import { buildDeps } from '../../src/deps.ts';
import { startRelay } from '../../src/outbox/relay.ts';

/** A relay in a process of its own, as src/bin/relay.ts runs it, on a test's task queue. Says 'ready' to its parent. */
const { config, taskQueue } = JSON.parse(process.argv[2] ?? '') as { config: Config; taskQueue: string };
const deps = await buildDeps(config, { role: 'relay', taskQueue });
const relay = await startRelay(deps);
process.on('SIGTERM', () => void relay.stop().then(() => process.exit(0)));
// A test run that was killed leaves nobody behind.
process.on('disconnect', () => process.exit(1));
process.send?.('ready');
