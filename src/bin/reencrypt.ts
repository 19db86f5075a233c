import { parseKeyRing } from '../crypto/key-ring.ts';
import { checkSchema } from '../db/migrate.ts';
import { openDatabase } from '../db/pool.ts';
import { reencrypt } from '../reencrypt.ts';
import { runOnce } from './run.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runOnce('reencrypt', async ({ config, log, onStop }) => {
  if (config.databaseUrl === undefined) throw new Error('DATABASE_URL: required');
  const db = openDatabase(config.databaseUrl, 1, (error) => log.warn({ err: error }, 'database connection lost'));
  onStop(db.close);
  await checkSchema(db);
  const keyRing = parseKeyRing(config.encryptionKeys);
  const { endpoints, leads, left } = await reencrypt({ db, keyRing, log });
  say(
    `Sealed anew under key ${keyRing.primaryId}: the secrets of ${endpoints} endpoints, the state of ${leads} leads.`,
  );
  if (left.endpoints + left.leads > 0) {
    throw new Error(
      `Still under another key: ${left.endpoints} endpoints, ${left.leads} leads. Run it again; the log says what cannot be opened.`,
    );
  }
  say('Nothing in the database needs another key.');
});
