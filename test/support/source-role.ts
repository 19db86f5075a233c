import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../src/config/config.ts';
import type { Deps } from '../../src/deps.ts';
import { type Role, startRole } from './role.ts';
import { testBundlePath } from './services.ts';

/** What the process is told. */
export interface SourceRoleInput {
  role: 'worker' | 'relay';
  config: Config;
  taskQueue: string;
  bundlePath: string;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Starts a worker or a relay of the sources as they are in a
 * process of its own, on the task queue and database of `deps`.
 */
export function startSourceRole(
  role: SourceRoleInput['role'],
  { config, taskQueue }: Pick<Deps, 'config' | 'taskQueue'>,
): Promise<Role> {
  const bundlePath = testBundlePath();
  const input: SourceRoleInput = { role, config, taskQueue, bundlePath };
  return startRole({
    name: role,
    args: [
      ...['--import', path('../outbox/run-typescript.mjs'), '--no-warnings'],
      ...[path('source-role-main.ts'), JSON.stringify(input)],
    ],
    environment: {},
    // Beside the bundle: the end of the run removes both.
    logFile: join(dirname(bundlePath), `${role}-${randomUUID()}.log`),
  });
}
