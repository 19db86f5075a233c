import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Cluster } from './cluster.ts';

/** Resolves at the moment at which `sql` gives a row, looked at every two milliseconds. */
export async function whenThereIs({ db }: Cluster, sql: string, values: unknown[]): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  while ((await db.query(sql, values)).length === 0) {
    if (performance.now() > giveUpAt) throw new Error(`never came: ${sql}`);
    await sleep(2);
  }
}

/**
 * Holds the lock under which attempts at an endpoint begin, and consequences of failures are drawn: whoever comes to it
 * stands still there, at a known place, to be killed or frozen. Gives what lets go.
 */
export async function holdEndpoint({ postgres }: Cluster, endpointId: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: postgres.address });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('select pg_advisory_lock(hashtextextended($1::uuid::text, 0))', [endpointId]);
  return () => client.end();
}

/** Resolves when somebody waits for that lock. */
export const whenOneWaits = (cluster: Cluster): Promise<void> =>
  whenThereIs(cluster, `select 1 from pg_locks where locktype = 'advisory' and not granted`, []);
