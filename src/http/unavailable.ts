import type { Database, Queryable } from '../db/pool.ts';
import { type Part, PartUnavailableError } from '../errors.ts';
import { eachCall } from './each-call.ts';
import type { OperationsPort } from './parts.ts';

/** How long a request waits for a part before it answers 503 (spec section 7: fast, never hanging). */
export const partTimeoutMs = 5_000;
/** The same for who asks and for inbound events: a sender has an id to repeat and a queue to keep, and is told sooner. */
export const intakeTimeoutMs = 2_500;

/** Waits for `work` at most `ms`; rejects with `PartUnavailableError` then. The work itself goes on: its outcome is unknown. */
export async function within<Result>(part: Part, work: Promise<Result>, ms: number = partTimeoutMs): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PartUnavailableError(part, `no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** For what a call to Temporal rejected with: a defect of ours stays one, anything else means that Temporal cannot now. */
export function temporalTrouble(error: unknown): never {
  if (error instanceof PartUnavailableError || error instanceof TypeError || error instanceof RangeError) throw error;
  throw new PartUnavailableError('temporal', 'not reachable', { cause: error });
}

/** Gives every query a time limit, and says of errors that mean "Postgres is away" that they do. */
export function boundedDatabase(db: Database, ms: number = partTimeoutMs): Database {
  const bounded = <Result>(work: Promise<Result>): Promise<Result> => within('postgres', work, ms).catch(rethrow);
  const queryable = (inner: Queryable): Queryable => ({
    prepared: (name, sql, values) => bounded(inner.prepared(name, sql, values)),
    query: (sql, values) => bounded(inner.query(sql, values)),
    execute: (sql, values) => bounded(inner.execute(sql, values)),
  });
  return {
    ...queryable(db),
    tx: (work, first) => bounded(db.tx((tx) => work(queryable(tx)), first)),
    connections: db.connections,
    close: () => db.close(),
  };
}

/** The same for what needs both parts: gives each call a time limit, and tells which part a failed one means. */
export const boundedOperations = (operations: OperationsPort, ms: number = partTimeoutMs): OperationsPort =>
  eachCall(operations, (call) => within('temporal', call, ms).catch(operationTrouble));

function operationTrouble(error: unknown): never {
  if (isPostgresAway(error)) rethrow(error);
  // Every error that Postgres itself reports has a severity; what it refuses of ours is a defect.
  if (error instanceof Error && 'severity' in error) throw error;
  return temporalTrouble(error);
}

function rethrow(error: unknown): never {
  throw isPostgresAway(error) ? new PartUnavailableError('postgres', 'not reachable', { cause: error }) : error;
}

// SQLSTATE classes: 08 connection exception, 28 login refused, 40 rolled back for others' sake, 53 insufficient resources,
// 57 operator intervention (shutdown, recovery), 58 system error, F0 configuration file, XX internal; and 3D000 no such
// database, 25006 read-only (a former primary), 55P03 lock not available, 26000 and 42P05 a session that lost, or inherited,
// prepared statements (a pooler).
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
