import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

// Whoever renames or removes a test finds the promise that it showed.
const sections = readFileSync('docs/guarantees.md', 'utf8')
  .split(/^##? /m)
  .slice(1)
  .map((text) => ({ heading: text.slice(0, text.indexOf('\n')), text }));
const promises = sections.filter(({ text }) => text.includes('*Tests'));

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
  test('has a promise for every failure, each with tests that are there', () => {
    expect(promises.length).toBeGreaterThan(25);
    for (const { heading, text } of promises) {
      const [, tests = ''] = text.split('*Tests', 2);
      const files = [...tests.matchAll(/`([a-z]+\/[\w./-]+)`/g)].map(([, file]) => `test/${file}.test.ts`);
      const missing = files.filter((file) => !existsSync(file));
      expect({ heading, hasTests: files.length > 0, missing }).toEqual({ heading, hasTests: true, missing: [] });
    }
  });

  test.each(
    promises.flatMap(({ heading, text }) => named(text).map(({ file, names }) => [heading, file, names] as const)),
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
