import { Client, type QueryResultRow } from 'pg';
import { within } from '../within.ts';
import type { Queryable } from './pool.ts';

/** The channel on which the outbox's trigger says that there are new rows. */
const outboxChannel = 'spark360_outbox';

const connectTimeoutMs = 5_000;
const statementTimeoutMs = 10_000;
const closeTimeoutMs = 1_000;
/**
 * The server ends a session that is silent for this long, and its claims with it: a frozen process holds
 * nothing back for longer. A living relay asks far more often.
 */
const idleSessionTimeoutMs = 30_000;

/** One connection that listens and holds claims. However it ends, its claims end with it. */
export interface OutboxSession extends Queryable {
  /** Aborted when the connection is lost; `reason` is the cause. */
  lost: AbortSignal;
  close(): Promise<void>;
}

// Commits do not wait for the disk: what a crash of the server takes is done again. Plans must not depend on
// statistics of a table that grows from nothing to a million rows: each statement walks an index in its order.
const settings = {
  synchronous_commit: 'off',
  statement_timeout: `${statementTimeoutMs}`,
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_sort: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
};
const setUpSql = `
  select ${Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', false)`)},
         (select set_config(name, '${idleSessionTimeoutMs}', false) from pg_settings where name = 'idle_session_timeout')`;

/**
 * Opens a session and listens: `onNotification` is called without an argument, and nothing is promised about how often.
 * The database must be reached directly, or through a pooler that keeps a session on one connection.
 * @throws when the server does not answer within five seconds
 */
export async function openOutboxSession(url: string, onNotification: () => void): Promise<OutboxSession> {
  const client = new Client({
    connectionString: url,
    application_name: 'spark360-events relay',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
  });
  const lost = new AbortController();
  const lose = (error?: Error): void => lost.abort(error ?? new Error('the connection to the outbox database ended'));
  client.on('error', lose);
  client.on('end', () => lose());
  client.on('notification', onNotification);
  const close = (): Promise<void> => within(closeTimeoutMs, client.end(), () => undefined);
  try {
    await client.connect();
    await client.query(setUpSql);
    await client.query(`listen ${outboxChannel}`);
  } catch (error) {
    await close();
    throw error;
  }
  // One statement at a time, in the order they were asked for: claims, results and counts share the connection.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work, work);
    last = result;
    return result;
  };
  return {
    lost: lost.signal,
    close,
    prepared: <Row extends QueryResultRow>(name: string, text: string, values: unknown[]) =>
      inTurn(async () => (await client.query<Row>({ name, text, values })).rows),
    query: <Row extends QueryResultRow>(sql: string, values: unknown[] = []) =>
      inTurn(async () => (await client.query<Row>(sql, values)).rows),
    execute: (sql, values = []) => inTurn(async () => (await client.query(sql, values)).rowCount ?? 0),
  };
}
