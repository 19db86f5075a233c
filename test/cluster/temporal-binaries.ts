import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The server that the development server of our tests holds. */
const version = '1.29.1';

export interface TemporalBinaries {
  server: string;
  sqlTool: string;
}

/**
 * Temporal's server and its schema tool, from the user's cache; else built by Go from the module proxy, which took a
 * quarter of an hour on one core.
 */
export function temporalBinaries(report: (line: string) => void): TemporalBinaries {
  const folder = join(homedir(), '.cache', 'spark360-events', `temporal-server-${version}`);
  const binary = (name: string, pkg: string): string => {
    const path = join(folder, name);
    if (!existsSync(path)) build(pkg, path, report);
    return path;
  };
  return {
    server: binary('temporal-server', 'go.temporal.io/server/cmd/server'),
    sqlTool: binary('temporal-sql-tool', 'go.temporal.io/server/cmd/tools/sql'),
  };
}

function build(pkg: string, path: string, report: (line: string) => void): void {
  report(`building ${pkg}@v${version}, which takes minutes`);
  const folder = `${path}.new`;
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0' };
  const { status, error } = spawnSync('go', ['install', `${pkg}@v${version}`], { env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${pkg} could not be built`, { cause: error });
  renameSync(join(folder, pkg.slice(pkg.lastIndexOf('/') + 1)), path);
}
