import { randomBytes } from 'node:crypto';
import type { WorkflowBundleOption } from '@temporalio/worker';
import type { Config } from '../../src/config.ts';
import { buildDeps, type Deps } from '../../src/deps.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { installRuntime } from '../../src/temporal/runtime.ts';
import { startWorker, type RunningWorker } from '../../src/temporal/worker.ts';
import { workflowBundle } from '../../src/temporal/workflow-bundle.ts';
import { createTestDatabase, temporalAddress, testBundlePath, uniqueTaskQueue } from './services.ts';

/** A key ring of this run's own, in the form of ENCRYPTION_KEYS. */
export const testKeys = `test:${randomBytes(32).toString('base64')}`;

export const testConfig = (databaseUrl: string, overrides: Partial<Config> = {}): Config => ({
  nodeEnv: 'test',
  port: 0,
  host: '127.0.0.1',
  dataDir: '.data',
  databaseUrl,
  temporalAddress: temporalAddress(),
  temporalNamespace: 'default',
  maxCachedWorkflows: 1_000,
  workflowStacks: false,
  adminApiKey: 'operator-key-of-the-tests',
  encryptionKeys: testKeys,
  retryScheduleMs: [50, 100, 150, 200],
  attemptTimeoutMs: 5_000,
  addressGraceMs: 300,
  enrichmentDeadlineMs: 86_400_000,
  idleAfterMs: 604_800_000,
  mailFrom: 'Spark360 Events <events@spark360.example>',
  maxDailyMails: 500,
  maxEndpoints: 100,
  allowInsecureEndpoints: 'loopback',
  retentionDays: 90,
  logLevel: 'silent',
  ...overrides,
});

/** The real service on its own database and task queue: everything but the HTTP API. */
export interface TestService {
  deps: Deps;
  worker: RunningWorker;
  /** One more process, as far as one test can have it: its own connections and memory, the same queue and database. */
  anotherWorker(changes?: Partial<Config>): Promise<{ deps: Deps; stop(): Promise<void> }>;
  stop(): Promise<void>;
}

installRuntime(createLog({ logLevel: 'error' }, 'test'));

/** What production runs: without stacks, bundled by the global setup. With stacks it is bundled now, which takes about a second. */
export const testBundle = ({ stacks = false } = {}): Promise<WorkflowBundleOption> =>
  stacks ? workflowBundle({ stacks }) : Promise.resolve({ codePath: testBundlePath() });

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
