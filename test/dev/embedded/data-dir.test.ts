import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lockDataDir } from '../../../dev/embedded/data-dir.ts';
import { processStartTime } from '../../../dev/embedded/process.ts';

let dataDir: string;
let lock: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'spark360-lock-'));
  lock = join(dataDir, 'process.json');
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));
const quiet = (): void => undefined;

test('the folder is ours until it is released', async () => {
  const release = await lockDataDir(dataDir, quiet);
  expect(existsSync(lock)).toBe(true);
  await release();
  expect(existsSync(lock)).toBe(false);
});

test('a process that is just stopping is waited for, and said to be', async () => {
  const other = spawn('sleep', ['1']);
  writeFileSync(lock, JSON.stringify({ pid: other.pid, startTime: processStartTime(other.pid as number) }));
  const lines: string[] = [];
  const release = await lockDataDir(dataDir, (line) => lines.push(line));
  expect(lines).toEqual([expect.stringContaining(`in use by process ${other.pid}`)]);
  await release();
});

test.each([
  ['of a process that is gone', { pid: spawnSync('true').pid, startTime: '1' }],
  ['of another process that was given the same pid', { pid: process.pid, startTime: 'long ago' }],
])('a lock %s is taken over', async (_of, record) => {
  writeFileSync(lock, JSON.stringify(record));
  await (await lockDataDir(dataDir, quiet))();
});

test('a lock that was cut off while it was written is taken over', async () => {
  writeFileSync(lock, '{"pid":12');
  await (await lockDataDir(dataDir, quiet))();
});
