import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../src/config.ts';
import type { Deps } from '../../src/deps.ts';
import { testBundlePath } from '../support/services.ts';

export interface WorkerInput {
  config: Config;
  taskQueue: string;
  bundlePath: string;
}

/** The workers of one service, each a process that can be killed. */
export interface Workers {
  /** When workers were killed, epoch milliseconds; each may have taken what it had under way with it. */
  kills: number[];
  start(): Promise<void>;
  /** SIGKILL to the oldest. */
  kill(): void;
  /** SIGTERM to the oldest; resolves when it has ended. */
  stop(): Promise<void>;
  stopAll(): Promise<void>;
  readonly count: number;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export function workersOf({ config, taskQueue }: Pick<Deps, 'config' | 'taskQueue'>): Workers {
  const running: ChildProcess[] = [];
  const kills: number[] = [];

  async function stop(): Promise<void> {
    const oldest = running.shift();
    if (oldest === undefined) return;
    const ended = once(oldest, 'exit');
    oldest.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error(`a worker that was stopped ended with ${code}`);
  }

  return {
    kills,
    get count() {
      return running.length;
    },
    async start() {
      const input: WorkerInput = { config, taskQueue, bundlePath: testBundlePath() };
      const child = fork(path('worker-process.ts'), [JSON.stringify(input)], {
        execArgv: ['--import', path('../outbox/run-typescript.mjs'), '--no-warnings'],
      });
      await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(([code]) => Promise.reject(new Error(`the worker ended with ${code}`))),
      ]);
      running.push(child);
    },
    kill() {
      const oldest = running.shift();
      oldest?.kill('SIGKILL');
      if (oldest !== undefined) kills.push(Date.now());
    },
    stop,
    async stopAll() {
      while (running.length > 0) await stop();
    },
  };
}
