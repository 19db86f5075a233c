import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import { Client } from 'pg';
import { type Queryable, queryable } from './pool.ts';

const ownMigrations = fileURLToPath(new URL('./migrations/', import.meta.url));
const outboxFile = new URL('../../sql/outbox.sql', import.meta.url);
const table = 'schema_migrations';

export interface MigrateOptions {
  /** Receives the runner's log lines. */
  report?: (line: string) => void;
  /** Folder of `0001-name.sql` files; default: this build's own. */
  dir?: string;
}

/**
 * Brings the schema up to this build's, each file in a transaction of its own, and gives the names of those it applied.
 * Then applies sql/outbox.sql, which a backend applies to its own database. Several runners wait for each other; a
 * schema that is newer than this build is left as it is.
 * @throws {SchemaError} when the database was migrated by other files than this build's
 */
export async function migrate(
  databaseUrl: string,
  { report = () => undefined, dir = ownMigrations }: MigrateOptions = {},
): Promise<string[]> {
  // The runner does not listen to errors of a connection that it opens, and such an error ends the process.
  const client = new Client({ connectionString: databaseUrl });
  client.on('error', () => undefined); // the statement under way, or the next one, is rejected
  await client.connect();
  try {
    const db = queryable(client);
    const own = await migrationNames(dir);
    refuseOtherFiles(own, await appliedNames(db));
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
    await applyOutbox(db, own);
    return applied.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/** Applies sql/outbox.sql, unless a newer build has migrated: its outbox may be a newer one too. */
async function applyOutbox(db: Queryable, own: string[]): Promise<void> {
  if ((await appliedNames(db)).some((name) => !own.includes(name))) return;
  // Statements of one query are one transaction. A lock of a table, unlike an advisory one, makes a session that waited
  // for it see what was created until then.
  await db.execute(`lock table ${table} in exclusive mode; ${await readFile(outboxFile, 'utf8')}`);
}

/** The schema and this build do not fit each other. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
  readonly finding: string;
  readonly remedy: string;

  constructor(finding: string, remedy: string) {
    super(`${finding} ${remedy}`);
    this.finding = finding;
    this.remedy = remedy;
  }
}

/** Throws a `SchemaError` on a schema older than this build needs, or newer and marked as breaking for older builds. */
export async function checkSchema(db: Queryable, dir: string = ownMigrations): Promise<void> {
  const needed = await migrationNames(dir);
  const applied = await appliedNames(db);
  refuseOtherFiles(needed, applied);
  const missing = needed.filter((name) => !applied.includes(name));
  if (missing.length > 0) {
    throw new SchemaError(
      `The database's schema is older than this build needs: ${missing.join(', ')} not applied.`,
      'Run `spark360 migrate` of this build first.',
    );
  }
  const breaks = await db.query<{ migration: string }>('select migration from schema_breaks order by migration');
  const unknown = breaks.map(({ migration }) => migration).filter((name) => !needed.includes(name));
  if (unknown.length > 0) {
    throw new SchemaError(
      `The database's schema is newer than this build, and ${unknown.join(', ')} is marked as breaking for it.`,
      'Run a newer build.',
    );
  }
}

/** One of the two must begin with the other: a database goes forward by the files it was migrated by. */
function refuseOtherFiles(own: readonly string[], applied: readonly string[]): void {
  const at = own.findIndex((name, index) => index < applied.length && applied[index] !== name);
  if (at === -1) return;
  throw new SchemaError(
    `The database was migrated by other files than this build's: it has ${applied[at]} where this build has ${own[at]}.`,
    'Give this build an empty database (`npm start` keeps its own in DATA_DIR: delete that folder), or run the build that made this one.',
  );
}

const migrationNames = async (dir: string): Promise<string[]> =>
  (await readdir(dir))
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();

/** In the order in which they were applied. */
async function appliedNames(db: Queryable): Promise<string[]> {
  const [found] = await db.query<{ exists: boolean }>(`select to_regclass('${table}') is not null as exists`);
  if (!found?.exists) return [];
  const rows = await db.query<{ name: string }>(`select name from ${table} order by id`);
  return rows.map(({ name }) => name);
}
