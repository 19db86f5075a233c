import type { Config } from '../../src/config/config.ts';
import { buildDeps, type Deps } from '../../src/deps.ts';
import { startApi } from '../../src/http/server.ts';
import { createTestDatabase, uniqueTaskQueue } from '../support/services.ts';
import { type Answer, call, type CallOptions } from './call.ts';
import { testConfig } from '../support/config.ts';
import { startService } from '../support/service.ts';

export { operatorKey } from './call.ts';
export type { Answer, CallOptions } from './call.ts';

/** The real API over HTTP, on its own database and task queue. */
export interface TestApi {
  url: string;
  deps: Deps;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  stop(): Promise<void>;
}

/** With `worker`, leads run and deliveries go out; without, everything but workflows is there. */
export async function startTestApi({
  worker = false,
  config = {},
  consoleDir,
}: {
  worker?: boolean;
  config?: Partial<Config>;
  consoleDir?: string;
} = {}): Promise<TestApi> {
  const { deps, stop } = worker ? await startService(config) : await depsOnly(config);
  const api = await startApi({ ...deps, consoleDir });
  return {
    url: api.url,
    deps,
    call: (method, path, options) => call(api.url + path, method, options),
    async stop() {
      await api.close();
      await stop();
    },
  };
}

async function depsOnly(config: Partial<Config>): Promise<{ deps: Deps; stop(): Promise<void> }> {
  const database = await createTestDatabase();
  const deps = await buildDeps(testConfig(database.url, config), { role: 'test', taskQueue: uniqueTaskQueue() });
  return {
    deps,
    async stop() {
      await deps.close();
      await database.drop();
    },
  };
}
