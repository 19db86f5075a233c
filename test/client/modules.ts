import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

/**
 * Every module that loading `entry` (relative to the repository) loads: ours by path, others by package name.
 * @param dynamic those too that it may load later, by `import()`
 */
export function modulesOf(
  entry: string,
  { dynamic = true }: { dynamic?: boolean } = {},
): { ours: Set<string>; packages: Set<string> } {
  const root = new URL('../../', import.meta.url);
  const ours = new Set<string>();
  const packages = new Set<string>();
  const visit = (url: URL): void => {
    const path = url.href.slice(root.href.length);
    if (ours.has(path)) return;
    ours.add(path);
    for (const specifier of importsOf(url, dynamic)) {
      if (specifier.startsWith('.')) visit(new URL(specifier, url));
      else packages.add(packageOf(specifier));
    }
  };
  visit(new URL(entry, root));
  return { ours, packages };
}

/** As compiled, where imports of types are gone. */
function importsOf(url: URL, dynamic: boolean): string[] {
  const source = readFileSync(fileURLToPath(url), 'utf8');
  const { code } = transformSync(source, {
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
    module: { type: 'es6' },
  });
  const statements =
    /(?:^|\n)(?:import|export)\s+(?:[\w\s{},*]*?\bfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
  return [...code.matchAll(statements)].flatMap(([, stated, later]) => stated ?? (dynamic ? (later ?? []) : []));
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
