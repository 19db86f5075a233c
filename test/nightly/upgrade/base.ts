import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What is upgraded from. */
export type Base =
  | { kind: 'revision'; revision: string; why: string }
  /** Today's code stands in for the former: the processes are replaced, the code is the same. */
  | { kind: 'itself'; why: string }
  | { kind: 'none'; why: string };

/**
 * The code to upgrade from: what UPGRADE_FROM names (a revision; `itself`; `none`), else the newest release (a tag
 * `v*`) before HEAD; without one there is nothing to upgrade from. Throws where the history that would tell is not
 * there.
 */
export function findBase(root: string, upgradeFrom = process.env.UPGRADE_FROM): Base {
  if (upgradeFrom === 'none') return { kind: 'none', why: 'UPGRADE_FROM=none' };
  if (upgradeFrom === 'itself') return { kind: 'itself', why: 'UPGRADE_FROM=itself' };
  if (!existsSync(join(root, '.git'))) {
    if (upgradeFrom) throw new Error(`UPGRADE_FROM=${upgradeFrom}: there is no .git folder here to take it from`);
    return { kind: 'itself', why: 'there is no .git folder here, so no former release: only the harness is tested' };
  }
  const git = (...args: string[]): string | null => runGit(root, args);
  const commitOf = (name: string): string | null => git('rev-parse', '--verify', '--quiet', `${name}^{commit}`);
  const taken = (name: string, why: string): Base | null => {
    const revision = commitOf(name);
    return revision === null ? null : { kind: 'revision', revision, why };
  };
  if (upgradeFrom) {
    const named = taken(upgradeFrom, `UPGRADE_FROM=${upgradeFrom}`);
    if (named === null) throw new Error(`UPGRADE_FROM=${upgradeFrom}: no such revision here. ${howToFetch}`);
    return named;
  }
  const [release] = lines(git('tag', '--list', 'v*', '--merged', 'HEAD', '--no-contains', 'HEAD', '--sort=-v:refname'));
  if (release !== undefined) return taken(release, `release ${release}`) ?? noRelease;
  if (git('rev-parse', '--is-shallow-repository') === 'true') {
    throw new Error(`This clone has no history, so the last release's code is not here. ${howToFetch}`);
  }
  return noRelease;
}

const noRelease: Base = { kind: 'none', why: 'there is no release yet (no tag v*), so nothing to upgrade from' };

const howToFetch =
  'Fetch it with `git fetch --unshallow --tags`, or set UPGRADE_FROM=none to go without the test of an upgrade.';

const lines = (text: string | null): string[] => (text ?? '').split('\n').filter(Boolean);

/** What git says; null when it fails. A checkout may belong to another user than the one who tests. */
function runGit(root: string, args: string[]): string | null {
  const { status, stdout, error } = spawnSync('git', ['-c', 'safe.directory=*', '-C', root, ...args], {
    encoding: 'utf8',
  });
  if (error) throw new Error('git cannot be run: it is needed to test an upgrade', { cause: error });
  return status === 0 ? stdout.trim() : null;
}
