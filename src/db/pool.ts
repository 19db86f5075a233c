import { type ClientBase, Pool, type QueryResultRow } from 'pg';
import { KeyedMutex } from './keyed-mutex.ts';

/** A pool or a transaction: repositories take either, so they compose inside `tx`. */
export interface Queryable {
  /** Runs `sql` as a prepared statement named `name`: parsed and planned once a connection. */
  prepared<Row extends QueryResultRow>(name: string, sql: string, values: unknown[]): Promise<Row[]>;
  query<Row extends QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Runs a writing statement and gives the number of rows it touched. */
  execute(sql: string, values?: unknown[]): Promise<number>;
}

export interface Database extends Queryable {
  /**
   * @param lock a statement without parameters that takes a lock, in the round trip of the begin. Of the transactions
   *   with the same lock one at a time has a connection.
   */
  tx<Result>(work: (db: Queryable) => Promise<Result>, lock?: string): Promise<Result>;
  /** Connections of the pool, and callers that wait for one. */
  connections(): { active: number; idle: number; waiting: number };
  close(): Promise<void>;
}

export const queryable = (connection: Pool | ClientBase): Queryable => ({
  async prepared<Row extends QueryResultRow>(name: string, text: string, values: unknown[]) {
    return (await connection.query<Row>({ name, text, values })).rows;
  },
  async query<Row extends QueryResultRow>(sql: string, values: unknown[] = []) {
    return (await connection.query<Row>(sql, values)).rows;
  },
  async execute(sql, values = []) {
    return (await connection.query(sql, values)).rowCount ?? 0;
  },
});

/** No statement of ours takes seconds: what touches many rows goes in batches. */
const defaultStatementTimeoutMs = 20_000;
const idleInTransactionMs = 10_000;

/**
 * The session lost our prepared statements (26000, 42P05: a pooler reset or lent it), or a migration outdated
 * its plans: it would answer every later caller with the same error.
 */
const hasLostStatements = (error: unknown): error is Error => {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return code === '26000' || code === '42P05' || /cached plan must not change/.test(error.message);
};

/**
 * Opens a pool of at most `size` connections, each made when it is first needed. `onError` gets the errors of
 * idle connections: without a listener a stopping server would end the process.
 */
export function openDatabase(
  url: string,
  size: number,
  onError: (error: Error) => void,
  { statementTimeoutMs = defaultStatementTimeoutMs }: { statementTimeoutMs?: number } = {},
): Database {
  const pool = new Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: 5_000,
    statement_timeout: statementTimeoutMs,
    // For a server that no longer answers at all: the connection is given up.
    query_timeout: statementTimeoutMs + 1_000,
    // A process that stands still, or is cut off, in the middle of a transaction holds its locks no longer than this.
    idle_in_transaction_session_timeout: idleInTransactionMs,
    keepAlive: true,
    application_name: 'spark360-events',
  });
  pool.on('error', onError);
  const locks = new KeyedMutex();
  return {
    ...queryable(pool),
    tx: (work, lock) =>
      lock === undefined
        ? transaction(pool, 'begin', work)
        : locks.run(lock, () => transaction(pool, `begin; ${lock}`, work)),
    connections: () => ({
      active: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    close: () => pool.end(),
  };
}

async function transaction<Result>(
  pool: Pool,
  begin: string,
  work: (db: Queryable) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // The pool listens to idle connections only, and an error event without a listener ends the process.
  const hear = (error: Error): void => {
    broken = error;
  };
  client.on('error', hear);
  try {
    await client.query(begin);
    const result = await work(queryable(client));
    await client.query('commit');
    return result;
  } catch (error) {
    if (hasLostStatements(error)) broken = error;
    // A connection whose rollback fails is in an unknown state: it is destroyed, not reused.
    await client.query('rollback').catch((cause: Error) => {
      broken = cause;
    });
    throw error;
  } finally {
    client.off('error', hear);
    client.release(broken);
  }
}
