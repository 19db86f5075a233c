import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Person } from './spark360.ts';

let person: Person;
beforeAll(() => {
  person = new Person();
});
afterAll(() => person.forget());

async function script(shell: string): Promise<string> {
  const { code, stdout, stderr } = await person.run(['completion', shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const file = join(person.home, `completion.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

const isThere = (program: string): boolean => spawnSync('which', [program]).status === 0;

test.each(['bash', 'zsh', 'fish'])(
  '%s: the script is valid, where that shell is there, and has every command',
  async (shell) => {
    const file = await script(shell);
    const content = execFileSync('cat', [file], { encoding: 'utf8' });
    for (const word of ['endpoints', 'rotate', 'dead-letters', 'forward-to']) expect(content).toContain(word);
    if (isThere(shell)) execFileSync(shell, ['-n', file]);
  },
);

test.each([
  [['spark360', 'endp'], 'endpoints'],
  [['spark360', 'endpoints', 'ro'], 'rotate'],
  [['spark360', '--org', 'x', 'leads', 'era'], 'erase'],
  [['spark360', 'deliveries', 'show', 'an-id', '--js'], '--json --jsonl'],
  [['spark360', 'listen', '--forw'], '--forward-to'],
])('bash completes %j', async (words, expected) => {
  const file = await script('bash');
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const line = `source ${file}; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _spark360; echo "\${COMPREPLY[@]}"`;
  expect(execFileSync('bash', ['-c', line], { encoding: 'utf8' }).trim()).toBe(expected);
});

test('a shell that is not known is a usage error', async () => {
  expect((await person.run(['completion', 'tcsh'])).code).toBe(2);
});
