import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import { postgresUrl } from './postgres.ts';

/** The configuration with the addresses of what `npm start` keeps running under `DATA_DIR`, where none are given. */
export async function withEmbeddedAddresses(config: Config): Promise<Config> {
  const kept = async (...path: string[]): Promise<string | null> => {
    const content = await readFile(join(config.dataDir, ...path), 'utf8').catch(() => null);
    return content === null ? null : content.trim();
  };
  const [port, password, temporalPort] = await Promise.all([
    kept('postgres', 'port'),
    kept('postgres', 'password'),
    kept('temporal', 'port'),
  ]);
  const databaseUrl =
    config.databaseUrl ?? (port === null || password === null ? undefined : postgresUrl(password, Number(port)));
  const temporalAddress = config.temporalAddress ?? (temporalPort === null ? undefined : `127.0.0.1:${temporalPort}`);
  return Object.freeze({
    ...config,
    ...(databaseUrl !== undefined && { databaseUrl }),
    ...(temporalAddress !== undefined && { temporalAddress }),
  });
}
