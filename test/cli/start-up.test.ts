import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { modulesOf } from '../client/modules.ts';
import { Person } from './spark360.ts';

let person: Person;
beforeAll(() => {
  person = new Person();
});
afterAll(() => person.forget());

test('until a command runs nothing is loaded but the definitions of commands: help and completion are quick', () => {
  const { ours, packages } = modulesOf('src/bin/spark360.ts', { dynamic: false });
  expect([...packages].filter((name) => !name.startsWith('node:')).sort()).toEqual([
    '@commander-js/extra-typings',
    'picocolors',
  ]);
  expect([...ours].filter((path) => !/^src\/(cli\/|bin\/spark360\.ts$)/.test(path))).toEqual([]);
});

test.each([[['--help']], [['endpoints', '--help']], [['help', 'recover']], [['--version']]])(
  '%j goes to stdout, with exit code 0',
  async (args) => {
    const { code, stdout, stderr } = await person.run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(args[0] === '--version' ? /^\d+\.\d+\.\d+\n$/ : /^Usage: spark360/);
  },
);
