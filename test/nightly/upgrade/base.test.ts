import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findBase } from './base.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'spark360-base-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function git(folder: string, ...args: string[]): void {
  const who = ['-c', 'user.name=Test', '-c', 'user.email=test@spark360.example', '-c', 'commit.gpgsign=false'];
  const { status, stderr } = spawnSync('git', [...who, '-C', folder, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/** A repository with a commit for each list of tags. */
function aRepository(name: string, ...commits: string[][]): string {
  const folder = join(home, name);
  mkdirSync(folder);
  git(folder, 'init', '--quiet');
  for (const [index, tags] of commits.entries()) {
    git(folder, 'commit', '--quiet', '--allow-empty', '-m', `commit ${index}`);
    for (const tag of tags) git(folder, 'tag', tag);
  }
  return folder;
}

test('the newest release before HEAD, by its version', () => {
  const folder = aRepository('released', ['v0.9.0'], ['v0.10.0'], [], ['v0.11.0', 'other']);
  expect(findBase(folder, undefined)).toMatchObject({ kind: 'revision', why: 'release v0.10.0' });
});

test.each([
  ['young', [[], []]],
  ['newborn', [['v1.0.0']]],
])('without a release before HEAD there is nothing to upgrade from: %s', (name, commits) => {
  expect(findBase(aRepository(name, ...commits), undefined)).toEqual({
    kind: 'none',
    why: 'there is no release yet (no tag v*), so nothing to upgrade from',
  });
});

test('a revision by name', () => {
  const folder = aRepository('named', ['v1.0.0'], ['v1.1.0'], []);
  expect(findBase(folder, 'v1.0.0')).toMatchObject({ kind: 'revision', revision: expect.stringMatching(/^\w{40}$/) });
  expect(() => findBase(folder, 'v9.9.9')).toThrow('UPGRADE_FROM=v9.9.9: no such revision here');
});

test('a clone without history says how to get it; nothing is left out unless that is asked for', () => {
  const folder = aRepository('whole', ['v1.0.0'], [], []);
  git(home, 'clone', '--quiet', '--depth', '1', `file://${folder}`, 'shallow');
  const shallow = join(home, 'shallow');
  expect(() => findBase(shallow, undefined)).toThrow('git fetch --unshallow --tags');
  expect(findBase(shallow, 'none')).toEqual({ kind: 'none', why: 'UPGRADE_FROM=none' });
});

test('an export without .git is upgraded from itself, and says so', () => {
  const folder = join(home, 'exported');
  mkdirSync(folder);
  expect(findBase(folder, undefined)).toMatchObject({ kind: 'itself', why: expect.stringContaining('no .git folder') });
  expect(() => findBase(folder, 'v1.0.0')).toThrow('no .git folder');
});
