import type { Cli } from '../cli.ts';
import type { Program } from '../bare-program.ts';
import type { Session } from '../session.ts';
import { count, segment } from '../values.ts';

interface ApiKey {
  id: string;
  role: string;
  created_at: string;
}

const columns = [
  { title: 'ID', value: ({ id }: ApiKey) => id },
  { title: 'ROLE', value: ({ role }: ApiKey) => role },
  { title: 'CREATED', value: ({ created_at }: ApiKey) => created_at },
];

const backend = ['--backend', "the backends' keys (role ingest) instead of an organization's"] as const;

const pathOf = async ({ organizationPath }: Session, isBackend: true | undefined): Promise<string> =>
  isBackend === true ? '/v1/api-keys' : await organizationPath('api-keys');

/** Keys of organizations and backends. */
export function addKeyCommands(program: Program, cli: Cli): void {
  const group = program.command('keys').description('API keys');

  group
    .command('list')
    .description('List keys, oldest first: never the keys themselves')
    .option(...backend)
    .option('--limit <n>', 'how many at most', count, 50)
    .action(async (options, command) => {
      const session = await cli.open(command);
      session.out.list(columns, await session.api.list<ApiKey>(await pathOf(session, options.backend), options));
    });

  group
    .command('create')
    .description('Make a key, shown this once')
    .option(...backend)
    .action(async (options, command) => {
      const session = await cli.open(command);
      const body = options.backend === true ? { role: 'ingest' } : {};
      const path = await pathOf(session, options.backend);
      const made = await session.api.call<ApiKey & { key: string }>('POST', path, { body });
      session.out.thing(made, Object.entries(made));
    });

  group
    .command('delete <key-id>')
    .description('Delete a key: refused from then on')
    .option(...backend)
    .option('--dry-run', 'only say what that concerns')
    .action(async (id, options, command) => {
      const session = await cli.open(command);
      const { api, out } = session;
      out.note(`1 key: every program that uses ${id} is refused from then on.`);
      if (options.dryRun === true) return out.thing({ dry_run: true, count: 1 }, [['would be deleted', id]]);
      await session.confirm('Delete it?');
      await api.call('DELETE', `${await pathOf(session, options.backend)}/${segment(id)}`);
      out.thing({ deleted: id }, [['deleted', id]]);
    });
}
