import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Copies this checkout as it is now to `folder`, with what is installed and built: `npm start` there builds nothing
 * where `dist` is new. CI installs and builds its own clean checkout; `nightly/clean-checkout` does it with `npm start`
 * alone.
 */
export function builtTree(folder: string): void {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    encoding: 'utf8',
  });
  // Timestamps say whether the build is new.
  const copy = (path: string): void => cpSync(path, join(folder, path), { recursive: true, preserveTimestamps: true });
  const paths = [...listed.split('\0').filter((path) => path !== '' && path !== 'node_modules'), 'dist'];
  const copied = paths.filter((path) => existsSync(path));
  for (const path of copied) copy(path);
  // A folder's too, which changes with each file that comes into it.
  for (const path of new Set(copied.flatMap(foldersOf))) {
    const { atime, mtime } = statSync(path);
    utimesSync(join(folder, path), atime, mtime);
  }
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
}

/** The folders that a path is in, within the checkout. */
const foldersOf = (path: string): string[] => {
  const folder = dirname(path);
  return folder === '.' ? [] : [folder, ...foldersOf(folder)];
};
