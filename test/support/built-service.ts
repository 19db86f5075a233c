import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testBundlePath } from './services.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** How long, and how often, a test file looks whether another one has built it (milliseconds). */
const [longestBuildMs, pauseMs] = [120_000, 50];

/** The service as it is deployed: compiled, in a folder of its own, so that no build beside disturbs what runs. */
export interface BuiltService {
  /** The file that starts a role. */
  role(name: string): string;
  remove(): void;
}

/** The same for all test files of a run: the first one builds it, and it goes with the run's folder. */
export function buildServiceOnce(): BuiltService {
  const home = join(dirname(testBundlePath()), 'built');
  const built = join(home, 'ready');
  try {
    mkdirSync(home);
    buildInto(home);
    writeFileSync(built, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    for (let waited = 0; !existsSync(built); waited += pauseMs) {
      if (waited > longestBuildMs) throw new Error('The service was not built by the test file that began to');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
  return { role: (name) => roleIn(home, name), remove: () => undefined };
}

/**
 * Compiles the sources as they are now, or copies `dist` where it is as new;
 * FAULTS_BUILD names a folder that an earlier call made, to be used as it is.
 */
export function buildService(): BuiltService {
  const made = process.env.FAULTS_BUILD;
  if (made !== undefined) return { role: (name) => roleIn(made, name), remove: () => undefined };
  const home = mkdtempSync(join(tmpdir(), 'spark360-built-'));
  buildInto(home);
  return { role: (name) => roleIn(home, name), remove: () => rmSync(home, { recursive: true, force: true }) };
}

const roleIn = (home: string, name: string): string => join(home, 'dist/src/bin', `${name}.js`);

function buildInto(home: string): void {
  const dist = join(home, 'dist');
  mkdirSync(dist);
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  cpSync(join(root, 'package.json'), join(home, 'package.json'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), dist], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The service cannot be built:\n${stdout}${stderr}`);
}
