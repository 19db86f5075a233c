import type { Delivery } from '../api-types.ts';
import type { Cli } from '../cli.ts';
import type { Program } from '../bare-program.ts';
import { count, formatStatus, time } from '../values.ts';

const columns = [
  { title: 'ID', value: ({ id }: Delivery) => id },
  { title: 'STATUS', value: formatStatus },
  { title: 'EVENT', value: ({ event }: Delivery) => event },
  { title: 'SEQ', value: ({ sequence }: Delivery) => sequence, align: 'right' as const },
  { title: 'ATTEMPTS', value: ({ attempts }: Delivery) => attempts.length, align: 'right' as const },
  { title: 'LEAD', value: ({ lead_id }: Delivery) => lead_id },
  { title: 'CREATED', value: ({ created_at }: Delivery) => created_at },
];

/** Deliveries of an organization. */
export function addDeliveryCommands(program: Program, cli: Cli): void {
  const group = program.command('deliveries').description('Deliveries and their attempts');

  group
    .command('list')
    .description('List deliveries, newest first')
    .option('--status <status>', 'pending, delivering, retrying, held, delivered or abandoned')
    .option('--event <name>', 'lead.enriched, …')
    .option('--endpoint <id>', 'of one endpoint')
    .option('--lead <id>', 'of one lead')
    .option('--since <time>', 'created then or later; 2h is two hours ago', time)
    .option('--until <time>', 'created before', time)
    .option('--limit <n>', 'how many at most', count, 50)
    .action(async ({ limit, endpoint, lead, ...filter }, command) => {
      const { api, out, organizationPath } = await cli.open(command);
      const query = { ...filter, endpoint_id: endpoint, lead_id: lead };
      const page = await api.list<Delivery>(await organizationPath('deliveries'), { query, limit });
      out.list(columns, page);
      const stuck = page.data.find(({ status }) => status === 'abandoned' || status === 'retrying');
      if (stuck !== undefined) out.hint(`spark360 deliveries show ${stuck.id}`);
    });

  group
    .command('show <delivery>')
    .description('Show a delivery: its attempts, what it waits for, its payload')
    .action(async (delivery, _, command) => {
      const session = await cli.open(command);
      const { showDelivery } = await import('../delivery-actions.ts');
      await showDelivery(session, delivery);
    });

  group
    .command('resend <delivery>')
    .description('Send a settled delivery once more and show the answer; exit code 1 unless it is 2xx')
    .option('--no-wait', 'return before the attempt is made')
    .action(async (delivery, { wait }, command) => {
      const session = await cli.open(command);
      const { resendDelivery } = await import('../delivery-actions.ts');
      await resendDelivery(session, delivery, wait);
    });

  group
    .command('skip <delivery>')
    .description('Give an unsettled delivery up, so that what is behind it goes on')
    .option('--dry-run', 'only say what that concerns')
    .action(async (delivery, { dryRun }, command) => {
      const session = await cli.open(command);
      const { skipDelivery } = await import('../delivery-actions.ts');
      await skipDelivery(session, delivery, dryRun === true);
    });
}
