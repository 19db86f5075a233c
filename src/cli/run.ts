import { CommanderError } from '@commander-js/extra-typings';
import { Cli } from './cli.ts';
import type { CliContext } from './context.ts';
import { CliError, failedError, usageError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { Output } from './output.ts';
import { buildProgram } from './program.ts';

/** Runs one command and gives the exit code; errors are on stderr by then. */
export async function runCli(context: CliContext, args: readonly string[], version: string): Promise<number> {
  const cli = new Cli(context, args);
  const program = buildProgram(cli, version);
  const work = program.parseAsync([...args], { from: 'user' }).then(
    () => exitCodes.done,
    (error: unknown) => reportError(cli, error),
  );
  return Promise.race([work, cli.interrupted.then(() => exitCodes.interrupted)]);
}

/**
 * Writes an error, and gives its exit code. Commander has written its own errors; with `--json` they are a document
 * like any other.
 */
function reportError({ context, wantsJson, wantsColor }: Cli, error: unknown): number {
  const out = new Output(context, { format: wantsJson ? 'json' : 'text', color: wantsColor });
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done;
    if (wantsJson) out.error(usageError(error.message.replace(/^error: /, '')));
    return exitCodes.usage;
  }
  const known = error instanceof CliError ? error : failedError(formatError(error), error);
  out.error(known);
  return known.exitCode;
}

const formatError = (error: unknown): string => (error instanceof Error ? error.message : String(error));
