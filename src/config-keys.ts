import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MadeKeys } from './config.ts';

/** Keys for development: made once, kept in `DATA_DIR/keys`, readable by their owner only (spec section 8). */
export const developmentKeys: MadeKeys = {
  adminApiKey: (dataDir) =>
    madeOnce(dataDir, 'admin-api-key', () => `sk_admin_${randomBytes(24).toString('base64url')}`),
  encryptionKeys: (dataDir) => madeOnce(dataDir, 'encryption-keys', () => `dev1:${randomBytes(32).toString('base64')}`),
};

function madeOnce(dataDir: string, name: string, make: () => string): string {
  const folder = join(dataDir, 'keys');
  const file = join(folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${make()}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
