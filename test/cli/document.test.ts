import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Cli } from '../../src/cli/cli.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { cliDocument } from '../../src/cli/document.ts';
import { buildProgram } from '../../src/cli/program.ts';

const program = buildProgram(new Cli({} as CliContext, []), '0.0.0');

test('docs/cli.md says what the commands themselves say (npm run docs:cli)', () => {
  expect(readFileSync('docs/cli.md', 'utf8')).toBe(cliDocument(program));
});

test('every command and every flag has a description, and no key is a flag', () => {
  const visit = (command: typeof program | (typeof program.commands)[number]): void => {
    expect({ name: command.name(), described: command.description() !== '' }).toEqual({
      name: command.name(),
      described: true,
    });
    for (const { flags, description } of command.options) {
      expect({ flags, described: description !== '' }).toEqual({ flags, described: true });
      expect(flags).not.toMatch(/key|token|password/);
    }
    for (const child of command.commands) visit(child as typeof program);
  };
  visit(program);
});
