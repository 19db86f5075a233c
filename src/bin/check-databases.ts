import { type Config, ConfigError } from '../config/config.ts';
import { sessionTrouble } from '../db/session-check.ts';

/**
 * Throws a `ConfigError` naming the address behind which there are no sessions: the process would start and never work.
 */
export async function checkDatabases({
  databaseUrl,
  outboxDatabaseUrl,
}: Pick<Config, 'databaseUrl' | 'outboxDatabaseUrl'>): Promise<void> {
  for (const [name, url] of [
    ['DATABASE_URL', databaseUrl],
    ['OUTBOX_DATABASE_URL', outboxDatabaseUrl],
  ] as const) {
    const trouble = url === undefined ? null : await sessionTrouble(url);
    if (trouble === null) continue;
    throw new ConfigError(`${name}: ${trouble}; expected the address of Postgres itself, or of a pool in session mode`);
  }
}
