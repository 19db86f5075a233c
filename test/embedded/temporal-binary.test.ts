import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { isFit, temporalBinary } from '../../src/embedded/temporal-binary.ts';
import { startReceiver } from '../support/receiver.ts';

let home: string;
let cacheDir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'spark360-cache-'));
  cacheDir = join(home, 'cache');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test.each([
  ['temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)', true],
  ['temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)', true],
  ['temporal version 1.6.0 (Server 1.30.0, UI 2.50.0)', true],
  ['temporal version 1.1.0 (Server 1.25.0, UI 2.30.3)', false],
  ['temporal version 3.0.0 (Server 2.0.0, UI 3.0.0)', false],
  ['', false],
  [null, false],
])('%j is fit: %s', (text, fit) => {
  expect(isFit(text)).toBe(fit);
});

const script = '#!/bin/sh\necho downloaded\n';
function archive(): Buffer {
  mkdirSync(join(home, 'archive'));
  writeFileSync(join(home, 'archive', 'temporal'), script);
  chmodSync(join(home, 'archive', 'temporal'), 0o755);
  return execFileSync('tar', ['-cz', '-C', join(home, 'archive'), 'temporal']);
}

// A fit one on PATH is used before anything else.
const withoutOwn = isFit(spawnSync('temporal', ['--version'], { encoding: 'utf8' }).stdout) ? test.skip : test;

withoutOwn('the official archive is downloaded once, told in a line, and kept for the next start', async () => {
  const mirror = await startReceiver({ body: archive() });
  const lines: string[] = [];
  const search = { cacheDir, downloadUrl: mirror.url, report: (line: string) => void lines.push(line) };
  const first = await temporalBinary(search);
  expect(execFileSync(first, { encoding: 'utf8' })).toBe('downloaded\n');
  expect(mirror.requests[0]?.path).toMatch(/^\/v1\.5\.1\?platform=(linux|darwin)&arch=(amd64|arm64)$/);
  expect(lines).toEqual([expect.stringContaining('Downloading Temporal 1.5.1')]);

  expect(await temporalBinary(search)).toBe(first);
  expect(mirror.requests).toHaveLength(1);
  expect(readdirSync(join(cacheDir, 'temporal-cli-1.5.1'))).toEqual(['temporal']); // nothing half-made beside it
  await mirror.close();
});

withoutOwn('several processes that look for it at the same time all find a whole one', async () => {
  const mirror = await startReceiver({ body: archive(), delayMs: 50 });
  const search = { cacheDir, downloadUrl: mirror.url, report: () => undefined };
  const found = await Promise.all([temporalBinary(search), temporalBinary(search), temporalBinary(search)]);
  for (const path of found) expect(readFileSync(path, 'utf8')).toBe(script);
  expect(existsSync(join(cacheDir, 'temporal-cli-1.5.1', 'temporal'))).toBe(true);
  await mirror.close();
});
