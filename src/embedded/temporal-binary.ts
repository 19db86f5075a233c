import { spawn, spawnSync } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Temporal's command line tool, which holds the development server: the release that our tests run against. */
const cliVersion = '1.5.1';
const downloads = 'https://temporal.download/cli/archive';
const downloadStartTimeoutMs = 5_000;
const downloadTimeoutMs = 180_000;
const tickMs = 15_000;

export interface Search {
  /** Hears one line per thing that takes long. */
  report: (line: string) => void;
  /** Where a binary is kept between checkouts; default `~/.cache/spark360-events`. */
  cacheDir?: string | undefined;
  /** The official download, or a mirror of it. */
  downloadUrl?: string;
}

/**
 * The path of a Temporal development server: the one on PATH when it is fit, else the one kept in the cache, else a
 * download of the official build, else a build from source by Go. Both of the latter end in the cache.
 */
export async function temporalBinary({
  report,
  cacheDir = join(homedir(), '.cache', 'spark360-events'),
  downloadUrl = downloads,
}: Search): Promise<string> {
  if (isFit(spawnSync('temporal', ['--version'], { encoding: 'utf8' }).stdout)) return 'temporal';
  const folder = join(cacheDir, `temporal-cli-${cliVersion}`);
  const binary = join(folder, 'temporal');
  if (await isExecutable(binary)) return binary;

  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, 'new-'));
  try {
    if (!(await download(downloadUrl, work, report))) await build(work, report);
    await rename(join(work, 'temporal'), binary); // at once whole, also when several processes do this at a time
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return binary;
}

/** `temporal --version` says `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`. We need what server 1.29 does. */
export function isFit(versionText: string | null): boolean {
  const [, major, minor] = /Server (\d+)\.(\d+)\./.exec(versionText ?? '') ?? [];
  return Number(major) === 1 && Number(minor) >= 29;
}

async function download(url: string, folder: string, report: (line: string) => void): Promise<boolean> {
  const machine = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  if (machine === undefined || !['linux', 'darwin'].includes(process.platform)) return false;
  const archive = join(folder, 'temporal.tar.gz');
  const started = new AbortController();
  const timer = setTimeout(() => started.abort(), downloadStartTimeoutMs);
  try {
    const signal = AbortSignal.any([started.signal, AbortSignal.timeout(downloadTimeoutMs)]);
    const response = await fetch(`${url}/v${cliVersion}?platform=${process.platform}&arch=${machine}`, { signal });
    clearTimeout(timer);
    if (!response.ok) throw new Error(`status ${response.status}`);
    report(`Downloading Temporal ${cliVersion} (about 100 MB, once) …`);
    await writeFile(archive, Buffer.from(await response.arrayBuffer()));
    const { status, stderr } = spawnSync('tar', ['-xzf', archive, '-C', folder, 'temporal'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr.trim());
    return true;
  } catch (error) {
    report(`Temporal ${cliVersion} could not be downloaded (${reason(error)}).`);
    return false;
  } finally {
    clearTimeout(timer);
  }
}

async function build(folder: string, report: (line: string) => void): Promise<void> {
  const advice =
    'Install the Temporal CLI (https://docs.temporal.io/cli) or set TEMPORAL_ADDRESS to a server of your own.';
  if (spawnSync('go', ['version']).status !== 0)
    throw new Error(`No Temporal server here and no Go to build one. ${advice}`);
  report(`Building Temporal ${cliVersion} from source with Go, once: 3 to 5 minutes on two cores …`);
  const startedAt = Date.now();
  const tick = setInterval(
    () => report(`… still building Temporal, ${Math.round((Date.now() - startedAt) / 1000)} s`),
    tickMs,
  );
  try {
    const module = `github.com/temporalio/cli/cmd/temporal@v${cliVersion}`;
    const { code, stderr } = await run('env', [`GOBIN=${folder}`, 'go', 'install', '-ldflags=-s -w', module]);
    if (code !== 0)
      throw new Error(`Temporal could not be built: ${stderr.trim().split('\n').slice(-5).join('\n')}\n${advice}`);
  } finally {
    clearInterval(tick);
  }
  report(`Built Temporal in ${Math.round((Date.now() - startedAt) / 1000)} s; it is kept for the next start.`);
}

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

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** fetch hides the cause of "fetch failed" one level down. */
const reason = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};
