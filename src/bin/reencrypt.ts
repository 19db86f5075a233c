import type { ReencryptProgress, ReencryptResult } from '../cli/context.ts';
import { readConfig } from '../config/config.ts';
import { developmentKeys } from '../config/development-keys.ts';
import { parseKeyRing } from '../crypto/key-ring.ts';
import { checkSchema } from '../db/migrate.ts';
import { openDatabase } from '../db/pool.ts';
import { reencrypt } from '../operations/reencrypt.ts';
import { createLog } from '../log.ts';

/** Seals everything anew under the first key of the environment's ENCRYPTION_KEYS. */
export async function reencryptAll(report: ReencryptProgress): Promise<ReencryptResult> {
  const config = readConfig(process.env, developmentKeys, 'reencrypt');
  if (config.databaseUrl === undefined) throw new Error('DATABASE_URL: required');
  // stdout is for the command's result.
  const log = createLog(config, 'reencrypt', process.stderr);
  const db = openDatabase(config.databaseUrl, 1, (error) => log.warn({ err: error }, 'database connection lost'));
  try {
    await checkSchema(db);
    const keyRing = parseKeyRing(config.encryptionKeys);
    const done = await reencrypt({ db, keyRing, log, report });
    return { keyId: keyRing.primaryId, ...done };
  } finally {
    await db.close();
  }
}
