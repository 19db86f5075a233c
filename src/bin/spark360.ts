#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Writable } from 'node:stream';
import type { CliContext, Role } from '../cli/context.ts';
import { exitCodes } from '../cli/exit-codes.ts';
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

/** Ends the command: at once, or as `onInterrupt` says. */
let interrupt = (): void => process.exit(codeAtEnd(exitCodes.interrupted));
let stdoutError: NodeJS.ErrnoException | null = null;
process.stdout.on('error', (error) => {
  stdoutError ??= error;
  interrupt();
});
// With the terminal gone there is no place to tell it.
process.stderr.on('error', () => undefined);

/** A closed pipe (`spark360 … | head`) ends a command, and is no error of it. */
function codeAtEnd(code: number): number {
  if (stdoutError === null || code !== exitCodes.interrupted) return code;
  return stdoutError.code === 'EPIPE' ? exitCodes.done : exitCodes.failed;
}

/** Resolves when all that was written is handed over: a write to a pipe goes on after `write` has returned. */
const flushed = (stream: Writable): Promise<void> => new Promise((resolve) => stream.write('', () => resolve()));

const context: CliContext = {
  environment: process.env,
  workingFolder: process.cwd(),
  homeFolder: homedir(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt(handle) {
    interrupt = handle;
    process.once('SIGINT', handle);
    process.once('SIGTERM', handle);
    // A terminal that is closed tells it more than once: by the shell, and by the kernel.
    process.on('SIGHUP', handle);
  },
  own: {
    // Each runs when it is imported, and ends the process itself.
    role: async (name) => void (await rolesByName[name]()),
    reencrypt: async (report) => (await import('./reencrypt.ts')).reencryptAll(report),
    doctor: async (options) => (await import('./doctor.ts')).runDoctor(options),
  },
};

const code = await runCli(context, process.argv.slice(2), version);
// A reader may be slow: from here on a signal ends the process at once.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(codeAtEnd(code));
