import { Runtime } from '@temporalio/worker';
import type { Config } from '../../src/config.ts';
import { buildDeps, type Deps } from '../../src/deps.ts';
import { startApi } from '../../src/http/server.ts';
import { createTestDatabase, uniqueTaskQueue } from '../support/services.ts';
import { startService, testConfig } from '../support/service.ts';

export const operatorKey = 'operator-key-of-the-tests';

export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed when it is JSON, else the text. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects, and fails where that is not there
  body: any;
}

export interface CallOptions {
  /** The operator's unless told; null: none. */
  key?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

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
}: {
  worker?: boolean;
  config?: Partial<Config>;
} = {}): Promise<TestApi> {
  const { deps, stop } = worker ? await startService(config) : await depsOnly(config);
  const api = await startApi(deps);
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
      // Without a worker nobody else ends it.
      await Runtime.instance().shutdown();
    },
  };
}

async function call(
  url: string,
  method: string,
  { key = operatorKey, body, headers = {} }: CallOptions = {},
): Promise<Answer> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(url, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
