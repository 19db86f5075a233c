import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MadeKeys } from './config.ts';
import { notWritable } from '../writable.ts';

/** Keys for development: made once, kept in `DATA_DIR/keys`, readable by their owner only (spec section 8). */
export const developmentKeys: MadeKeys = {
  adminApiKey: (dataDir) =>
    madeOnce(dataDir, 'admin-api-key', () => `sk_admin_${randomBytes(24).toString('base64url')}`),
  encryptionKeys: (dataDir) => madeOnce(dataDir, 'encryption-keys', () => `dev1:${randomBytes(32).toString('base64')}`),
};

function madeOnce(dataDir: string, name: string, make: () => string): string {
  const folder = join(dataDir, 'keys');
  const file = join(folder, name);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, `${make()}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    // Made by an earlier start. A folder's name that a file has is no folder, and says EEXIST too.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !existsSync(file))
      throw notWritable(folder, 'Set DATA_DIR to a folder that can be written.', error);
  }
  return readFileSync(file, 'utf8').trim();
}
