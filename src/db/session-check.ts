import { Client } from 'pg';

const answerTimeoutMs = 5_000;

/**
 * What keeps this process from sessions of its own, in words; null: nothing. Prepared statements, advisory locks and
 * LISTEN live in a session, which a pooler in transaction mode gives to another client at any moment.
 * @throws when Postgres cannot be reached at all
 */
export async function sessionTrouble(url: string): Promise<string | null> {
  const [one, other] = [openClient(url), openClient(url)];
  try {
    await one.connect();
    await other.connect();
    return (await isShared(one, other))
      ? 'a pooler there gives the transactions of one session to several connections (PgBouncer: pool_mode = transaction)'
      : null;
  } catch (error) {
    if (!isRefusedParameter(error)) throw error;
    return `a pooler there refuses the bounds of time of a session (${(error as Error).message})`;
  } finally {
    await Promise.allSettled([one.end(), other.end()]);
  }
}

// With what every pool of ours asks for at its start, which a pooler may refuse.
function openClient(url: string): Client {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: answerTimeoutMs,
    query_timeout: answerTimeoutMs,
    statement_timeout: answerTimeoutMs,
    idle_in_transaction_session_timeout: answerTimeoutMs,
    application_name: 'spark360-events start',
  });
  client.on('error', () => undefined); // the statement under way is rejected
  return client;
}

/** Two sessions have two backends and keep them. A pooler gives both the same one, or another to the next statement. */
async function isShared(one: Client, other: Client): Promise<boolean> {
  const seen = new Set([await backendOf(one), await backendOf(one)]);
  await other.query('begin');
  const taken = await backendOf(other);
  if (seen.has(taken)) return true;
  seen.add(await backendOf(one));
  await other.query('rollback');
  return seen.size > 1;
}

async function backendOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

const isRefusedParameter = (error: unknown): boolean =>
  error instanceof Error &&
  (error as { code?: string }).code === '08P01' &&
  error.message.includes('startup parameter');
