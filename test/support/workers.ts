import type { Deps } from '../../src/deps.ts';
import type { Role } from './role.ts';
import { startSourceRole } from './source-role.ts';

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

export function workersOf(deps: Pick<Deps, 'config' | 'taskQueue'>): Workers {
  const running: Role[] = [];
  const kills: number[] = [];

  async function stop(): Promise<void> {
    const oldest = running.shift();
    if (oldest === undefined) return;
    const { code } = await oldest.stop();
    if (code !== 0) throw new Error(`a worker that was stopped ended with ${code}`);
  }

  return {
    kills,
    get count() {
      return running.length;
    },
    async start() {
      running.push(await startSourceRole('worker', deps));
    },
    kill() {
      const oldest = running.shift();
      if (oldest === undefined) return;
      void oldest.end();
      kills.push(Date.now());
    },
    stop,
    async stopAll() {
      while (running.length > 0) await stop();
    },
  };
}
