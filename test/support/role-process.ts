import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../src/config.ts';
import type { Deps } from '../../src/deps.ts';
import { testBundlePath } from './services.ts';

/** What the process is told. */
export interface RoleInput {
  role: 'worker' | 'relay';
  config: Config;
  taskQueue: string;
  bundlePath: string;
}

export interface RoleProcess {
  /** SIGKILL, SIGSTOP, SIGCONT: whatever happens to a process. Resolves at once. */
  signal(name: NodeJS.Signals): void;
  exit: Promise<number | null>;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Starts a worker or a relay of the sources as they are in a process of its own, on the task queue and database of `deps`.
 * `test/faults/role.ts` runs roles as they are deployed.
 */
export async function startRoleProcess(
  role: RoleInput['role'],
  { config, taskQueue }: Pick<Deps, 'config' | 'taskQueue'>,
): Promise<RoleProcess> {
  const input: RoleInput = { role, config, taskQueue, bundlePath: testBundlePath() };
  const child = fork(path('role-main.ts'), [JSON.stringify(input)], {
    execArgv: ['--import', path('../outbox/run-typescript.mjs'), '--no-warnings'],
  });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  await Promise.race([
    once(child, 'message'),
    exit.then((code) => Promise.reject(new Error(`the ${role} ended with ${code} before it was ready`))),
  ]);
  return { exit, signal: (name) => void child.kill(name) };
}
