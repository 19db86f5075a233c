import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import { Client } from 'pg';
import type { Queryable } from './pool.ts';

const ownMigrations = fileURLToPath(new URL('./migrations/', import.meta.url));
const outboxFile = new URL('../../sql/outbox.sql', import.meta.url);
const table = 'schema_migrations';
/** Runners of the outbox's file wait for each other on this advisory lock. */
const outboxLock = 360_000;

export interface MigrateOptions {
  /** Hears the runner's words. */
  report?: (line: string) => void;
  /** Folder of `0001-name.sql` files; default: this build's own. */
  dir?: string;
}

/**
 * Brings the schema up to this build's, each file in a transaction of its own, and gives the names of those it applied.
 * Then applies sql/outbox.sql, which a backend applies to its own database. Several runners wait for each other; a schema
 * that is newer than this build is left as it is.
 */
export async function migrate(
  databaseUrl: string,
  { report = () => undefined, dir = ownMigrations }: MigrateOptions = {},
): Promise<string[]> {
  // The runner does not wait for a connection of its own to end, and hears no error of it: it would end the process.
  const client = new Client({ connectionString: databaseUrl });
  client.on('error', () => undefined); // the statement under way, or the next one, is rejected
  await client.connect();
  try {
    const applied = await runner({
      dbClient: client,
      dir,
      direction: 'up',
      migrationsTable: table,
      singleTransaction: false,
      advisoryLockMode: 'wait',
      checkOrder: true,
      logger: { info: report, warn: report, error: report },
    });
    await applyOutbox(client, await migrationNames(dir));
    return applied.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/** Applies sql/outbox.sql, unless a newer build has migrated: its outbox may be a newer one too. */
async function applyOutbox(client: Client, known: string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(`select name from ${table}`);
  if (rows.some(({ name }) => !known.includes(name))) return;
  // Statements of one query are one transaction.
  await client.query(`select pg_advisory_xact_lock(${outboxLock}); ${await readFile(outboxFile, 'utf8')}`);
}

/** The schema and this build do not fit each other; the message says what to do. */
class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** Throws a `SchemaError` on a schema older than this build needs, or newer and marked as breaking for older builds. */
export async function checkSchema(db: Queryable, dir: string = ownMigrations): Promise<void> {
  const needed = await migrationNames(dir);
  const applied = await appliedNames(db);
  const missing = needed.filter((name) => !applied.has(name));
  if (missing.length > 0) {
    throw new SchemaError(
      `The database's schema is older than this build needs: ${missing.join(', ')} not applied. Run the migrate role first.`,
    );
  }
  const breaks = await db.query<{ migration: string }>('select migration from schema_breaks order by migration');
  const unknown = breaks.map(({ migration }) => migration).filter((name) => !needed.includes(name));
  if (unknown.length > 0) {
    throw new SchemaError(
      `The database's schema is newer than this build, and ${unknown.join(', ')} is marked as breaking for it. Run a newer build.`,
    );
  }
}

const migrationNames = async (dir: string): Promise<string[]> =>
  (await readdir(dir))
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();

async function appliedNames(db: Queryable): Promise<Set<string>> {
  const [found] = await db.query<{ exists: boolean }>(`select to_regclass('${table}') is not null as exists`);
  if (!found?.exists) return new Set();
  const rows = await db.query<{ name: string }>(`select name from ${table}`);
  return new Set(rows.map(({ name }) => name));
}
