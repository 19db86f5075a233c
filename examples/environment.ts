import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the servers are: as the variables say, else what `npm start` keeps in DATA_DIR. */
export function environment(env: Readonly<Record<string, string | undefined>>) {
  const dataDir = env.DATA_DIR || '.data';
  const kept = (...path: string[]): string => {
    const file = join(dataDir, ...path);
    if (!existsSync(file)) throw new Error(`${file} is not there: run npm start first, or see docs/client.md`);
    return readFileSync(file, 'utf8').trim();
  };
  return {
    apiUrl: env.SPARK360_URL || `http://127.0.0.1:${env.PORT || 8080}`,
    apiKey: env.ADMIN_API_KEY || kept('keys', 'admin-api-key'),
    encryptionKeys: env.ENCRYPTION_KEYS || kept('keys', 'encryption-keys'),
    temporalAddress: env.TEMPORAL_ADDRESS || `127.0.0.1:${kept('temporal', 'port')}`,
    temporalNamespace: env.TEMPORAL_NAMESPACE || 'default',
    databaseUrl:
      env.OUTBOX_DATABASE_URL ||
      env.DATABASE_URL ||
      `postgres://spark360:${kept('postgres', 'password')}@127.0.0.1:${kept('postgres', 'port')}/spark360_events`,
  };
}
