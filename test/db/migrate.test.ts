import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { checkSchema, migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/services.ts';

const own = readdirSync('src/db/migrations')
  .map((file) => file.replace('.sql', ''))
  .sort();
let database: TestDatabase;
let db: Database;
/** A copy of the build's migrations, to which a test adds those of a newer build. */
let newer: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  db = openDatabase(database.url, 2, () => undefined);
  newer = mkdtempSync(join(tmpdir(), 'spark360-migrations-'));
  cpSync('src/db/migrations', newer, { recursive: true });
});
afterEach(async () => {
  await db.close();
  await database.drop();
  rmSync(newer, { recursive: true, force: true });
});

test('three runners at once apply each file once', async () => {
  const applied = await Promise.all([1, 2, 3].map(() => migrate(database.url)));
  expect(applied.flat().sort()).toEqual(own);
  expect(
    (await db.query<{ name: string }>('select name from schema_migrations order by name')).map(({ name }) => name),
  ).toEqual(own);
  await checkSchema(db);
});

test('an empty database is refused, naming what is missing', async () => {
  await expect(checkSchema(db)).rejects.toThrow(`older than this build needs: ${own.join(', ')} not applied`);
});

test('a schema older than the build needs is refused', async () => {
  await migrate(database.url);
  writeFileSync(join(newer, '9001-later.sql'), 'create table later (id int);');
  await expect(checkSchema(db, newer)).rejects.toThrow('older than this build needs: 9001-later not applied');
});

test('a schema newer than the build is accepted, and the build migrates nothing on it', async () => {
  writeFileSync(join(newer, '9001-later.sql'), 'create table later (id int);');
  await migrate(database.url, { dir: newer });
  await checkSchema(db);
  expect(await migrate(database.url)).toEqual([]);
});

test('a schema newer than the build and marked as breaking is refused by it, and accepted by the newer build', async () => {
  writeFileSync(
    join(newer, '9001-breaking.sql'),
    "alter table leads rename to prospects; insert into schema_breaks values ('9001-breaking');",
  );
  await migrate(database.url, { dir: newer });
  await expect(checkSchema(db)).rejects.toThrow('newer than this build, and 9001-breaking is marked as breaking');
  await checkSchema(db, newer);
});

test('a migration that fails leaves nothing of itself, and those before it stay', async () => {
  writeFileSync(join(newer, '9001-broken.sql'), 'create table half (id int); select no_such_function();');
  await expect(migrate(database.url, { dir: newer })).rejects.toThrow('no_such_function');
  await checkSchema(db);
  expect(await db.query("select to_regclass('half') as half")).toEqual([{ half: null }]);
});

test.each([
  [
    'a file numbered before one that was applied already',
    '0000-too-late.sql',
    'it has 0001-core where this build has 0000-too-late',
  ],
  ['another second file', '0001-other.sql', 'it has 0002-operations where this build has 0001-other'],
])('a database migrated by other files is refused, with the words what to do: %s', async (_, file, words) => {
  await migrate(database.url);
  writeFileSync(join(newer, file), 'create table other (id int);');
  await expect(migrate(database.url, { dir: newer })).rejects.toThrow(words);
  await expect(checkSchema(db, newer)).rejects.toThrow('Give this build an empty database');
  expect(await db.query("select to_regclass('other') as other")).toEqual([{ other: null }]);
});

test('every table says in a sentence what it holds, and no table has more than nine indexes', async () => {
  await migrate(database.url);
  const tables = await db.query<{ name: string; comment: string | null; indexes: number }>(
    `select c.relname as name, obj_description(c.oid, 'pg_class') as comment,
            (select count(*)::int from pg_index where indrelid = c.oid) as indexes
       from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'schema_migrations'`,
  );
  expect(tables.map(({ name }) => name)).toContain('deliveries');
  expect(tables.filter(({ comment }) => !comment?.endsWith('.')).map(({ name }) => name)).toEqual([]);
  expect(tables.filter(({ indexes }) => indexes > 9)).toEqual([]);
});
