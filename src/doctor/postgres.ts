import { checkSchema, SchemaError } from '../db/migrate.ts';
import { type Check, failed, ok, warning } from './check.ts';

const oldestMajor = 15;

export const postgresCheck: Check = {
  name: 'postgres',
  needs: [],
  remedy: 'Check DATABASE_URL, that Postgres runs, and that it lets this host in (pg_hba.conf).',
  async run({ db }) {
    const [row] = await db.query<{ version: number; name: string; free: number; recovering: boolean }>(
      `select current_setting('server_version_num')::int / 10000 as version, current_setting('server_version') as name,
              current_setting('max_connections')::int - (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as free,
              pg_is_in_recovery() as recovering`,
    );
    if (row === undefined) throw new Error('Postgres answered nothing');
    const { version, name, free, recovering } = row;
    const seen = `Postgres ${name}, ${free} connections free`;
    if (recovering) return failed(`${seen}; it is a standby.`, 'Point DATABASE_URL at the primary.');
    if (version < oldestMajor) return failed(`${seen}.`, `Upgrade: ${oldestMajor} or newer is needed.`);
    if (free < 20) {
      return warning(`${seen}.`, 'Raise max_connections: each process of the service takes up to 18.');
    }
    return ok(`${seen}.`);
  },
};

export const schemaCheck: Check = {
  name: 'schema',
  needs: ['postgres'],
  remedy: 'Run `spark360 migrate` of the newest build, before its other processes start.',
  async run({ db }) {
    try {
      await checkSchema(db);
    } catch (error) {
      if (error instanceof SchemaError) return failed(error.finding, error.remedy);
      throw error;
    }
    return ok('The schema is what this build needs.');
  },
};
