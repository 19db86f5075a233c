import type { Database, Queryable } from '../db/pool.ts';
import { type DependencyName, DependencyUnavailableError } from '../errors.ts';
import type { Operations } from '../operations/operations.ts';
import { isAway } from '../is-away.ts';
import { within as settledWithin } from '../within.ts';

/** How long a request waits for a server before it answers 503 (spec section 7: fast, never hanging). */
const dependencyTimeoutMs = 5_000;
/**
 * The same for authentication and inbound events: a sender can repeat its ids and keep its queue, and is told sooner.
 */
export const intakeTimeoutMs = 2_500;

/** Waits for `work` at most `ms`; rejects with `DependencyUnavailableError` then. */
export const within = <Result>(
  dependency: DependencyName,
  work: Promise<Result>,
  ms: number = dependencyTimeoutMs,
): Promise<Result> =>
  settledWithin(ms, work, () => {
    throw new DependencyUnavailableError(dependency, `no answer within ${ms} ms`);
  });

/** The same for a call to Temporal, whose own errors are told from defects. */
export const temporalWithin = <Result>(work: Promise<Result>, ms: number = dependencyTimeoutMs): Promise<Result> =>
  within('temporal', work, ms).catch(temporalTrouble);

/**
 * For what a call to Temporal rejected with: a defect of ours stays one, anything else means that Temporal cannot now.
 */
export function temporalTrouble(error: unknown): never {
  if (error instanceof DependencyUnavailableError || error instanceof TypeError || error instanceof RangeError)
    throw error;
  throw new DependencyUnavailableError('temporal', 'not reachable', { cause: error });
}

/** Gives every query a time limit, and says of errors that mean "Postgres is away" that they do. */
export function boundedDatabase(db: Database, ms: number = dependencyTimeoutMs): Database {
  const bounded = <Result>(work: Promise<Result>): Promise<Result> => within('postgres', work, ms).catch(rethrow);
  const queryable = (inner: Queryable): Queryable => ({
    prepared: (name, sql, values) => bounded(inner.prepared(name, sql, values)),
    query: (sql, values) => bounded(inner.query(sql, values)),
    execute: (sql, values) => bounded(inner.execute(sql, values)),
  });
  return {
    ...queryable(db),
    tx: (work, lock) => bounded(db.tx((tx) => work(queryable(tx)), lock)),
    connections: db.connections,
    close: () => db.close(),
  };
}

/** The same for what needs both servers: gives each call a time limit, and tells which of them a failed one means. */
export const boundedOperations = (operations: Operations, ms: number = dependencyTimeoutMs): Operations =>
  Object.fromEntries(
    Object.entries<(...given: never[]) => Promise<unknown>>(operations).map(([name, call]) => [
      name,
      (...given: never[]) => within('temporal', call(...given), ms).catch(operationTrouble),
    ]),
  ) as unknown as Operations;

function operationTrouble(error: unknown): never {
  if (isAway('postgres', error)) rethrow(error);
  // Every error that Postgres itself reports has a severity; what it refuses of ours is a defect.
  if (error instanceof Error && 'severity' in error) throw error;
  return temporalTrouble(error);
}

function rethrow(error: unknown): never {
  throw isAway('postgres', error)
    ? new DependencyUnavailableError('postgres', 'not reachable', { cause: error })
    : error;
}
