import type { Cli } from '../cli.ts';
import type { Program } from '../bare-program.ts';
import { count, segment } from '../values.ts';

interface DeadLetter {
  id: string;
  subject: string;
  reason: string;
  issues: { path: string; message: string }[];
  created_at: string;
  replayed_at: string | null;
  replay_outcome: string | null;
}

const columns = [
  { title: 'ID', value: ({ id }: DeadLetter) => id },
  { title: 'REASON', value: ({ reason }: DeadLetter) => reason },
  { title: 'CREATED', value: ({ created_at }: DeadLetter) => created_at },
  { title: 'REPLAYED', value: ({ replayed_at, replay_outcome }: DeadLetter) => replay_outcome ?? replayed_at },
  { title: 'SUBJECT', value: ({ subject }: DeadLetter) => subject },
  {
    title: 'ISSUES',
    value: ({ issues }: DeadLetter) => issues.map(({ path, message }) => `${path}: ${message}`).join('; '),
  },
];

/** Events of the outbox that can never be relayed as they are. */
export function addDeadLetterCommands(program: Program, cli: Cli): void {
  const group = program.command('dead-letters').description('Events of the outbox that cannot be relayed as they are');

  group
    .command('list')
    .description('List dead letters, newest first')
    .option('--all', 'those too that were replayed')
    .option('--limit <n>', 'how many at most', count, 50)
    .action(async ({ all, limit }, command) => {
      const { api, out } = await cli.open(command);
      const page = await api.list<DeadLetter>('/v1/dead-letters', {
        query: { replayed: all === true || undefined },
        limit,
      });
      out.list(columns, page);
      const [first] = page.data;
      if (first !== undefined) out.hint(`spark360 dead-letters show ${first.id}`);
    });

  group
    .command('show <dead-letter>')
    .description('Show a dead letter with its event, which may hold personal data')
    .action(async (id, _, command) => {
      const { api, out } = await cli.open(command);
      const shown = await api.call<DeadLetter>('GET', `/v1/dead-letters/${segment(id)}`);
      out.thing(shown, Object.entries(shown));
    });

  group
    .command('replay <dead-letter>')
    .description('Put a dead letter into the outbox again, and say what became of it; exit code 1: a dead letter again')
    .option('--mended', 'with the event on stdin in place of its own')
    .option('--no-wait', 'return before a relay has taken it')
    .action(async (id, options, command) => {
      const session = await cli.open(command);
      const { replay } = await import('../replay.ts');
      await replay(session, id, options);
    });
}
