import { Pool, type PoolClient, type QueryResultRow } from 'pg';

/** A pool or a transaction: repositories take either, so they compose inside `tx`. */
export interface Queryable {
  /** Runs `sql` as a prepared statement named `name`: parsed and planned once a connection. */
  prepared<Row extends QueryResultRow>(name: string, sql: string, values: unknown[]): Promise<Row[]>;
  query<Row extends QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Runs a writing statement and gives the number of rows it touched. */
  execute(sql: string, values?: unknown[]): Promise<number>;
}

export interface Database extends Queryable {
  /** @param first a statement without parameters that goes with the begin, in one round trip */
  tx<Result>(work: (db: Queryable) => Promise<Result>, first?: string): Promise<Result>;
  /** Connections of the pool, and callers that wait for one. */
  connections(): { active: number; idle: number; waiting: number };
  close(): Promise<void>;
}

const queryable = (runner: Pool | PoolClient): Queryable => ({
  async prepared<Row extends QueryResultRow>(name: string, text: string, values: unknown[]) {
    return (await runner.query<Row>({ name, text, values })).rows;
  },
  async query<Row extends QueryResultRow>(sql: string, values: unknown[] = []) {
    return (await runner.query<Row>(sql, values)).rows;
  },
  async execute(sql, values = []) {
    return (await runner.query(sql, values)).rowCount ?? 0;
  },
});

/** No statement of ours takes seconds, but for the pause of an endpoint with very many unsettled deliveries. */
const defaultStatementTimeoutMs = 20_000;
const idleInTransactionMs = 10_000;

/**
 * Whether the session has other prepared statements than the ones we gave it (26000, 42P05: a pooler reset it or lent it), or
 * plans that a migration outdated. It would answer every later caller with the same error.
 */
const hasLostStatements = (error: unknown): error is Error => {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return code === '26000' || code === '42P05' || /cached plan must not change/.test(error.message);
};

/**
 * Opens a pool of at most `size` connections; a connection is made when it is first needed. `onError` hears of idle
 * connections that broke: without a listener a stopping server would end the process. Postgres ends a statement after
 * `statementTimeoutMs`.
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
  return {
    ...queryable(pool),
    async tx(work, first) {
      const client = await pool.connect();
      let broken: Error | undefined;
      // The pool listens to idle connections only, and an error event without a listener ends the process.
      const hear = (error: Error): void => {
        broken = error;
      };
      client.on('error', hear);
      try {
        await client.query(first === undefined ? 'begin' : `begin; ${first}`);
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
    },
    connections: () => ({
      active: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    close: () => pool.end(),
  };
}
