// Compiles to dist/, copies what is not TypeScript, and bundles the workflows once, so that workers start at once; and
// the console.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildConsole } from './build-console.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const stamp = join(dist, '.built');
const sources = [
  'src',
  'workflows',
  'activities',
  'dev',
  'bench',
  'examples',
  'sql',
  'console',
  'scripts/build.mjs',
  'scripts/build-console.mjs',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** The newest change in `path`; a folder changes when a file in it comes or goes. */
function newestChange(path) {
  if (path.endsWith('node_modules')) return 0;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestChange(join(path, name))));
}

export function isStale() {
  const builtAt = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return sources.some((source) => newestChange(join(root, source)) > builtAt);
}

/**
 * Builds into `dist`, or into another folder from which node_modules can be found: there a copy of `dist` will do if it
 * is new.
 */
export async function build(target = dist) {
  const startedAt = new Date();
  rmSync(target, { recursive: true, force: true });
  if (target !== dist && !isStale()) {
    cpSync(dist, target, { recursive: true });
    return;
  }
  const compiler = [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', target];
  const tsc = spawnSync(process.execPath, compiler, { cwd: root, stdio: 'inherit' });
  if (tsc.status !== 0) throw new Error('The TypeScript compiler found errors.');
  cpSync(join(root, 'src'), join(target, 'src'), { recursive: true, filter: (path) => !/\.tsx?$/.test(path) });
  cpSync(join(root, 'sql'), join(target, 'sql'), { recursive: true });
  chmodSync(join(target, 'src/bin/spark360.js'), 0o755); // as npm does where it installs it
  const { bundleWorkflows } = await import(pathToFileURL(join(target, 'src/temporal/workflow-bundle.js')).href);
  const [bundle] = await Promise.all([bundleWorkflows(), buildConsole(join(target, 'console'))]);
  writeFileSync(join(target, 'workflow-bundle.js'), bundle);
  const built = join(target, '.built');
  writeFileSync(built, '');
  utimesSync(built, startedAt, startedAt); // what changes during the build is not in it
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build(process.argv[2]).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}
