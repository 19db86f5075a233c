import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const output = join(root, 'test-output');

/**
 * The console as it is built for production; built once for the sources as they are, whichever test file comes first.
 */
export async function builtConsole(): Promise<string> {
  const target = join(output, `console-${sourcesHash()}`);
  if (existsSync(target)) return target;
  const build = join(output, `building-${randomUUID()}`);
  await run(process.execPath, [join(root, 'scripts/build-console.mjs'), build]);
  try {
    renameSync(build, target);
  } catch {
    // Another test file was faster.
    rmSync(build, { recursive: true, force: true });
  }
  return target;
}

function sourcesHash(): string {
  const hash = createHash('sha256');
  for (const path of [
    ...filesIn(join(root, 'console')),
    ...filesIn(join(root, 'examples/receivers')),
    ...filesIn(join(root, 'src/domain')),
    join(root, 'src/temporal/saved-views.ts'),
    join(root, 'scripts/build-console.mjs'),
    join(root, 'package-lock.json'),
  ])
    hash.update(path).update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules') return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
