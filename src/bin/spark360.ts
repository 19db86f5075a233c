#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import type { CliContext, Role } from '../cli/context.ts';
import { runCli } from '../cli/run.ts';

const packageFile = new URL(
  import.meta.url.endsWith('.ts') ? '../../package.json' : '../../../package.json',
  import.meta.url,
);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

const rolesByName: Record<Role, () => Promise<unknown>> = {
  api: () => import('./api.ts'),
  worker: () => import('./worker.ts'),
  relay: () => import('./relay.ts'),
  migrate: () => import('./migrate.ts'),
  all: () => import('./all.ts'),
};

const context: CliContext = {
  environment: process.env,
  workingFolder: process.cwd(),
  homeFolder: homedir(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt(handle) {
    process.once('SIGINT', handle);
    process.once('SIGTERM', handle);
  },
  own: {
    // Each runs when it is imported, and ends the process itself.
    role: async (name) => void (await rolesByName[name]()),
    reencrypt: async (report) => (await import('./reencrypt.ts')).reencryptAll(report),
    doctor: async (options) => (await import('./doctor.ts')).runDoctor(options),
  },
};

// A closed pipe (`spark360 … | head`) is no error of the command.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.exitCode = await runCli(context, process.argv.slice(2), version);
process.exit();
