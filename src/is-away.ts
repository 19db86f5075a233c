import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import type { DependencyName } from './errors.ts';

/**
 * Whether `error`, of a call to Postgres or Temporal, says that it cannot answer now: the same call may succeed later.
 */
export const isAway = (dependency: DependencyName, error: unknown): boolean =>
  dependency === 'postgres' ? isPostgresAway(error) : isTemporalAway(error);

// gRPC status codes that may be another one next time: CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED,
// ABORTED, INTERNAL, UNAVAILABLE, DATA_LOSS. The others say that the request, its namespace or its key is wrong.
const awayCodes = new Set([1, 2, 4, 8, 10, 13, 14, 15]);
// An INVALID_ARGUMENT that passes: a run takes 10,000 signals by default,
// and continues as new soon after it refused one.
const fullRun = 'workflow execution limit for signal events';

function isTemporalAway(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && (awayCodes.has(cause.code) || cause.details.includes(fullRun));
}

// SQLSTATE classes: 08 connection exception, 28 login refused, 40 rolled back for others' sake, 53 insufficient
// resources, 57 operator intervention (shutdown, recovery), 58 system error, F0 configuration file, XX internal; and
// 3D000 no such database, 25006 read-only (a former primary), 55P03 lock not available, 26000 and 42P05 a session that
// lost, or inherited, prepared statements (a pooler).
const awayStates = /^(?:08|28|40|53|57|58|F0|XX|3D000|25006|55P03|26000|42P05)/;
const awaySystemErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
// node-postgres has no codes for these.
const awayMessages =
  /timeout exceeded when trying to connect|Connection terminated|Client was closed|not queryable|pool after calling end|Query read timeout|cached plan must not change/;

function isPostgresAway(error: unknown): boolean {
  const { code, message, errors } = (error ?? {}) as { code?: unknown; message?: unknown; errors?: unknown };
  // One error per address that was tried.
  if (Array.isArray(errors)) return errors.some(isPostgresAway);
  if (typeof code === 'string' && (awaySystemErrors.has(code) || (code.length === 5 && awayStates.test(code))))
    return true;
  return typeof message === 'string' && awayMessages.test(message);
}
