import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BuiltService, buildService } from '../../support/built-service.ts';
import type { Base } from './base.ts';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

export type Release = 'old' | 'new';

/** Two builds at one place, as a deployment has them: a process that starts has the code that is installed then. */
export interface Releases extends BuiltService {
  install(release: Release): void;
  /** Runs the installed release's migrations. */
  migrate(databaseUrl: string): Promise<void>;
  /** Names of patches that only the new release has: the old one cannot replay a run that went through one. */
  newPatches: string[];
}

/** Builds the base and the sources as they are now; the base is installed. */
export function buildReleases(base: Exclude<Base, { kind: 'none' }>): Releases {
  const home = mkdtempSync(join(tmpdir(), 'spark360-upgrade-'));
  const current = join(home, 'current');
  const today = buildService();
  const old = base.kind === 'itself' ? homeOf(today) : checkOut(base.revision, join(home, 'old'));
  const install = (release: Release): void => {
    symlinkSync(release === 'old' ? old : homeOf(today), `${current}.next`);
    renameSync(`${current}.next`, current);
  };
  install('old');
  const role = (name: string): string => join(current, 'dist/src/bin', `${name}.js`);
  const known = base.kind === 'itself' ? [] : patchesOf(old);
  return {
    role,
    install,
    newPatches: base.kind === 'itself' ? [] : patchesOf(root).filter((name) => !known.includes(name)),
    // Beside this process, which is the partners and the network: were it to stand still meanwhile, a transaction under
    // way would keep its locks from the migration, and partners their answers.
    async migrate(databaseUrl) {
      await promisify(execFile)(process.execPath, [role('migrate')], {
        cwd: home,
        env: {
          PATH: process.env.PATH,
          NODE_ENV: 'production',
          DATABASE_URL: databaseUrl,
          ADMIN_API_KEY: 'not-used',
          ENCRYPTION_KEYS: `unused:${Buffer.alloc(32).toString('base64')}`,
        },
      });
    },
    remove() {
      rmSync(home, { recursive: true, force: true });
      today.remove();
    },
  };
}

const homeOf = (built: BuiltService): string => dirname(dirname(dirname(dirname(built.role('worker')))));

/** The revision's files in `folder`, with what they depend on, built. */
function checkOut(revision: string, folder: string): string {
  run(
    'sh',
    ['-c', `mkdir "$1" && git -c safe.directory='*' archive "$2" | tar -x -C "$1"`, 'sh', folder, revision],
    root,
  );
  if (dependencies(folder) === dependencies(root))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  else run('npm', ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'], folder);
  run(process.execPath, ['scripts/build.mjs'], folder);
  return folder;
}

/** `patched('name')` in the sources of workflows. */
function patchesOf(folder: string): string[] {
  const sources = readdirSync(join(folder, 'workflows')).map((name) =>
    readFileSync(join(folder, 'workflows', name), 'utf8'),
  );
  return sources.flatMap((text) => [...text.matchAll(/\bpatched\(\s*'([^']+)'/g)].map(([, name = '']) => name));
}

/** What is installed for a package-lock.json: its own version is none of it. */
function dependencies(folder: string): string {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  return JSON.stringify({ ...packages, '': { ...packages[''], version: undefined } });
}

function run(command: string, args: string[], cwd: string): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}:\n${error?.message ?? ''}${stdout}${stderr}`);
}
