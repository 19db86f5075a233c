import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

// A test that is renamed or removed is missed here, with the promise that it showed.
const sections = readFileSync('test/guarantees.md', 'utf8')
  .split(/^## /m)
  .slice(1)
  .map((text) => ({ heading: text.slice(0, text.indexOf('\n')), text }));

/** On the page for partners a promise is a heading, or the first cell of a table's row. */
const promises = [...readFileSync('docs/guarantees.md', 'utf8').matchAll(/^(?:## (.+)|\| \*\*(.+?)\*\* \|.*)$/gm)]
  .map(([, heading, cell]) => heading ?? cell ?? '')
  .filter((name) => name !== 'In short');

/** One line of a list: a file and the names of tests in it, which follow its colon. */
const named = (text: string) =>
  [...text.matchAll(/^- `([\w./-]+)`(?: \(.*?\))?: (.+)$/gm)].map(([, file = '', names = '']) => ({
    file: `test/${file}.test.ts`,
    names: [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
  }));

const shortestName = 20;
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Every text in a source that may be a name; what a template fills in may be anything. */
const textsOf = (file: string): RegExp[] =>
  [...readFileSync(file, 'utf8').matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`([^`]*)`/g)]
    .map(([, single, double, template]) => (single ?? double ?? template ?? '').split(/\$\{[^}]*\}/))
    .filter((parts) => parts.join('').length >= shortestName)
    .map((parts) => new RegExp(`^${parts.map(escaped).join('.+')}$`));

describe('docs/guarantees.md', () => {
  test('every promise has its tests in test/guarantees.md, in the same order', () => {
    expect(promises.length).toBeGreaterThan(35);
    expect(sections.map(({ heading }) => heading)).toEqual(promises);
  });

  test.each(sections.map(({ heading, text }) => [heading, named(text).length] as const))(
    '%s: %i files of tests',
    (_heading, count) => {
      expect(count).toBeGreaterThan(0);
    },
  );

  test.each(
    sections.flatMap(({ heading, text }) => named(text).map(({ file, names }) => [heading, file, names] as const)),
  )('%s: %s has the tests that are named', (_heading, file, names) => {
    expect(existsSync(file)).toBe(true);
    expect(names).not.toEqual([]);
    const texts = textsOf(file);
    expect(names.filter((name) => !texts.some((text) => text.test(name)))).toEqual([]);
  });

  test.each(['test/faults', 'test/nightly'])('names every test in %s', (folder) => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
    const told = sections.flatMap(({ text }) => named(text).map(({ file }) => file));
    expect(told).toEqual(expect.arrayContaining(files.map((name) => `${folder}/${name}`)));
  });
});
