import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from './config/config.ts';

export type Log = Logger;

/**
 * Fields that must never be written, wherever a line has them. Lines are made of ids and outcomes (docs/operations.md),
 * so this is the second guard, for lines that are yet to be written.
 */
const forbidden = [
  'authorization',
  'secret',
  'next_secret',
  'password',
  'key',
  'body',
  'payload',
  'contact',
  'address',
  'email',
  'phone',
  'headers',
  'rawBody',
  'facts',
];

/** One JSON object a line. `role` is the process: api, worker, relay, all. */
export function createLog({ logLevel }: Pick<Config, 'logLevel'>, role: string, destination?: DestinationStream): Log {
  const options = {
    level: logLevel,
    base: { role },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: forbidden.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    serializers: { err: describeError, error: describeError },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

interface DescribedError {
  type: string;
  message: string;
  code?: unknown;
  stack?: string;
  cause?: DescribedError;
}

/** Type, message, code, stack and causes, and nothing else: the `detail` of a database's error, for one, is the row. */
function describeError(error: unknown): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
