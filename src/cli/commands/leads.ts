import type { LeadSummary } from '../api-types.ts';
import type { Cli } from '../cli.ts';
import type { Program } from '../bare-program.ts';
import { count } from '../values.ts';

const columns = [
  { title: 'LEAD', value: ({ lead_id }: LeadSummary) => lead_id },
  { title: 'STAGE', value: ({ stage }: LeadSummary) => stage },
  { title: 'STATUS', value: ({ lead_status }: LeadSummary) => lead_status },
  { title: 'MODE', value: ({ mode }: LeadSummary) => mode },
  { title: 'UPDATED', value: ({ updated_at }: LeadSummary) => updated_at },
];

/** Leads of an organization. */
export function addLeadCommands(program: Program, cli: Cli): void {
  const group = program.command('leads').description('Leads: their steps, events and deliveries');

  group
    .command('list')
    .description('List leads, newest first')
    .option('--stage <stage>', 'waiting_for_enrichment, complete, …')
    .option('--limit <n>', 'how many at most', count, 50)
    .action(async ({ stage, limit }, command) => {
      const { api, out, organizationPath } = await cli.open(command);
      out.list(columns, await api.list<LeadSummary>(await organizationPath('leads'), { query: { stage }, limit }));
    });

  group
    .command('show <lead>')
    .description('Show a lead and its timeline')
    .action(async (lead, _, command) => {
      const session = await cli.open(command);
      const { showLead } = await import('../lead-actions.ts');
      await showLead(session, lead);
    });

  group
    .command('complete-enrichment <lead>')
    .description("Complete a lead's enrichment with what is known; the operator's key is needed")
    .option('--dry-run', 'only say what that concerns')
    .action(async (lead, { dryRun }, command) => {
      const session = await cli.open(command);
      const { completeEnrichment } = await import('../lead-actions.ts');
      await completeEnrichment(session, lead, dryRun === true);
    });

  group
    .command('erase <lead>')
    .description("Erase a lead's personal data: a tombstone of its ids stays")
    .option('--dry-run', 'only say what that concerns')
    .action(async (lead, { dryRun }, command) => {
      const session = await cli.open(command);
      const { eraseLead } = await import('../lead-actions.ts');
      await eraseLead(session, lead, dryRun === true);
    });
}
