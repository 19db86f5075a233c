import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The service as it is deployed: compiled, in a folder of its own, so that no build beside disturbs what runs. */
export interface BuiltService {
  /** The file that starts a role. */
  role(name: string): string;
  remove(): void;
}

/** Compiles the sources as they are now, or copies `dist` where it is as new; FAULTS_BUILD names a folder that an earlier call made, to be used as it is. */
export function buildService(): BuiltService {
  const made = process.env.FAULTS_BUILD;
  if (made !== undefined) return { role: (name) => join(made, 'dist/src/bin', `${name}.js`), remove: () => undefined };
  const home = mkdtempSync(join(tmpdir(), 'spark360-built-'));
  const dist = join(home, 'dist');
  mkdirSync(dist);
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  cpSync(join(root, 'package.json'), join(home, 'package.json'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), dist], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The service cannot be built:\n${stdout}${stderr}`);
  return {
    role: (name) => join(dist, 'src/bin', `${name}.js`),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}
