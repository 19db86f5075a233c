import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Deps } from '../../src/deps.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export interface RelayProcess {
  /** SIGKILL, SIGSTOP, SIGCONT: whatever happens to a process. Resolves at once. */
  signal(name: NodeJS.Signals): void;
  exit: Promise<number | null>;
}

/** Starts a relay in a process of its own, on the task queue of `deps`. */
export async function startRelayProcess({ config, taskQueue }: Deps): Promise<RelayProcess> {
  const child: ChildProcess = fork(path('relay-process.ts'), [JSON.stringify({ config, taskQueue })], {
    execArgv: ['--import', path('run-typescript.mjs'), '--no-warnings'],
  });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  await Promise.race([
    once(child, 'message'),
    exit.then((code) => Promise.reject(new Error(`the relay ended with ${code} before it was ready`))),
  ]);
  return { exit, signal: (name) => void child.kill(name) };
}
