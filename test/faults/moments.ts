import { setTimeout as sleep } from 'node:timers/promises';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { Client } from 'pg';
import type { Cluster } from './cluster.ts';

/**
 * How long what has to come is waited for, also on a slow machine: it says nothing of how fast it is. Longer than the
 * two minutes after which a queued lane asks that was told nothing, as its worker was killed before it could.
 */
export const patienceMs = 240_000;

/** When a test that hangs is ended: no test of faults says how fast anything is on a machine that has other work. */
export const testMs = 600_000;

/** Resolves at the moment at which `sql` gives a row, looked at every two milliseconds. */
export async function whenThereIs({ db }: Cluster, sql: string, values: unknown[]): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
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

/**
 * Resolves when Temporal has a run of a workflow: whatever started it is durable, whether or not its caller knows by
 * now.
 */
export async function whenItRuns({ temporal }: Cluster, workflowId: string): Promise<void> {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const handle = new TemporalClient({ connection }).workflow.getHandle(workflowId);
    const giveUpAt = performance.now() + patienceMs;
    const isThere = (): Promise<boolean> =>
      handle.describe().then(
        () => true,
        () => false,
      );
    while (!(await isThere())) {
      if (performance.now() > giveUpAt) throw new Error(`never ran: ${workflowId}`);
      await sleep(5);
    }
  } finally {
    await connection.close();
  }
}

/**
 * Lets nobody write to a table, until what it gives is called: whoever comes to it with something to record stands
 * still.
 */
export async function holdTable({ postgres }: Cluster, table: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: postgres.address });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`begin; lock table ${table} in exclusive mode`);
  return () => client.end();
}

/** Resolves when somebody waits to write to it. */
export const whenOneWaitsFor = (cluster: Cluster, table: string): Promise<void> =>
  whenThereIs(cluster, 'select 1 from pg_locks where relation = $1::regclass and not granted', [table]);

/** Ends the statements that wait to write to it: their senders are dead, which Postgres would only learn afterwards. */
export const giveUpWaiting = ({ db }: Cluster, table: string): Promise<unknown> =>
  db.query('select pg_terminate_backend(pid) from pg_locks where relation = $1::regclass and not granted', [table]);

/** Kills all workers at once; each is started again after `downMs`. Resolves when they are up. */
export const killWorkersOf = ({ workers }: Cluster, downMs = 0): Promise<unknown> =>
  Promise.all(workers.map((worker) => worker.kill(downMs)));

/** What the ledger says of a lead's steps. */
export const stepsOf = ({ db }: Cluster, organizationId: string, leadId: string) =>
  db.query('select name, outcome from inbound_events where subject = $1 order by name', [
    `lead/${organizationId}/${leadId}`,
  ]);
