import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';

const pages = ['README.md', 'CHANGELOG.md', ...readdirSync('docs').map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);
const folders = readdirSync('.', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== 'dist')
  .map(({ name }) => name);

/** Paths in code spans that begin with a folder of this repository, but for patterns such as `src/db/*.ts`. */
const pathsIn = (text: string): string[] =>
  [...text.matchAll(/`([\w.-]+\/[\w./-]*)`/g)]
    .map(([, path = '']) => path)
    .filter((path) => folders.some((folder) => path.startsWith(`${folder}/`)));

/** Targets of links to files, without their fragment. */
const linksIn = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

test.each(pages)('%s names files and folders that are there', (page) => {
  const text = readFileSync(page, 'utf8');
  const named = [...pathsIn(text), ...linksIn(text).map((target) => join(dirname(page), target))];
  // A test goes by its name alone: `workflows/retries` is test/workflows/retries.test.ts.
  const isThere = (path: string): boolean => existsSync(path) || existsSync(`test/${path}.test.ts`);
  expect(named.filter((path) => !isThere(path))).toEqual([]);
});

test('docs/architecture.md names every table, each with files of src/db that write it', () => {
  const rows =
    readFileSync('docs/architecture.md', 'utf8')
      .split('## Tables')[1]
      ?.match(/^\| `.*$/gm) ?? [];
  const files = [...rows.join().matchAll(/`([\w-]+\.ts)`/g)].map(([, file = '']) => `src/db/${file}`);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
  const tables = rows.flatMap((row) => (row.split('|')[1] ?? '').match(/[\w.]+/g) ?? []);
  const migrations = ['sql/outbox.sql', ...readdirSync('src/db/migrations').map((name) => `src/db/migrations/${name}`)];
  const created = migrations.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/create (?:unlogged )?table (?:if not exists )?([\w.]+)/gi)].map(
      ([, table = '']) => table,
    ),
  );
  expect(tables.sort()).toEqual(created.sort());
});
