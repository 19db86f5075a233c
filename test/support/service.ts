import type { WorkflowBundleOption } from '@temporalio/worker';
import type { Config } from '../../src/config/config.ts';
import { buildDeps, type Deps } from '../../src/deps.ts';
import { startWorker, type RunningWorker } from '../../src/temporal/worker.ts';
import { workflowBundle } from '../../src/temporal/workflow-bundle.ts';
import { testConfig } from './config.ts';
import { installRuntimeOnce } from './runtime.ts';
import { createTestDatabase, testBundlePath, uniqueTaskQueue } from './services.ts';

/** The real service on its own database and task queue: everything but the HTTP API. */
export interface TestService {
  deps: Deps;
  worker: RunningWorker;
  /** One more process, as far as one test can have it: its own connections and memory, the same queue and database. */
  anotherWorker(changes?: Partial<Config>): Promise<{ deps: Deps; stop(): Promise<void> }>;
  stop(): Promise<void>;
}

/**
 * What production runs: without stacks, bundled by the global setup.
 * With stacks it is bundled now, which takes about a second.
 */
export function testBundle({ stacks = false } = {}): Promise<WorkflowBundleOption> {
  installRuntimeOnce();
  return stacks ? workflowBundle({ stacks }) : Promise.resolve({ codePath: testBundlePath() });
}

export async function startService(overrides: Partial<Config> = {}): Promise<TestService> {
  const database = await createTestDatabase();
  const config = testConfig(database.url, overrides);
  const bundle = testBundle({ stacks: config.workflowStacks });
  const taskQueue = uniqueTaskQueue();
  const deps = await buildDeps(config, { role: 'test', taskQueue });
  const started = await startWorker(deps, await bundle);
  let stopped: Promise<void> | undefined;
  const worker: RunningWorker = {
    failure: started.failure,
    stop: () => {
      stopped ??= started.stop();
      return stopped;
    },
  };
  return {
    deps,
    worker,
    async anotherWorker(changes = {}) {
      const others = await buildDeps({ ...config, ...changes }, { role: 'test', taskQueue });
      const other = await startWorker(others, await bundle);
      return {
        deps: others,
        async stop() {
          await other.stop();
          await others.close();
        },
      };
    },
    async stop() {
      await worker.stop();
      await deps.close();
      await database.drop();
    },
  };
}
