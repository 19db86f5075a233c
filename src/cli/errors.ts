import type { Problem } from '../http/problem.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';

/** Ends the command with an exit code and one problem document, or with nothing to say where that was said already. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  /** Null: the command has told everything itself. */
  readonly problem: Problem | null;
  constructor(exitCode: number, problem: Problem | null, options?: { cause?: unknown }) {
    super(problem?.detail ?? '', options);
    this.exitCode = exitCode;
    this.problem = problem;
  }
}

/** A problem of the command line's own, in the shape of the API's. `status` is 0: no answer came with it. */
const ownProblem = (kind: string, title: string, detail: string): Problem => ({
  type: `urn:spark360:cli:${kind}`,
  title,
  status: 0,
  detail,
  errors: [],
});

export const usageError = (detail: string): CliError =>
  new CliError(exitCodes.usage, ownProblem('usage', 'The command is not what this takes', detail));

export const unauthorizedError = (detail: string): CliError =>
  new CliError(exitCodes.unauthorized, ownProblem('unauthorized', 'A key is needed', detail));

export const unreachableError = (detail: string, cause?: unknown): CliError =>
  new CliError(exitCodes.unreachable, ownProblem('unreachable', 'The service does not answer', detail), { cause });

export const failedError = (detail: string, cause?: unknown): CliError =>
  new CliError(exitCodes.failed, ownProblem('failed', 'It failed', detail), { cause });

/** The result is told already; only the exit code is left to say. */
export const endWith = (exitCode: number): CliError => new CliError(exitCode, null);

/** @throws exit code 1 when an attempt was not answered with 2xx: its answer is told already */
export function assertSuccess({ status_code: status }: { status_code: number | null }): void {
  if (status === null || status < 200 || status > 299) throw endWith(exitCodes.failed);
}

export const apiError = (problem: Problem): CliError => new CliError(exitCodeOf(problem.status), problem);
