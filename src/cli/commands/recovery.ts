import type { Cli } from '../cli.ts';
import type { Program } from '../bare-program.ts';
import { time } from '../values.ts';

/** Recovery of what was abandoned, and the job that does it. */
export function addRecoveryCommands(program: Program, cli: Cli): void {
  program
    .command('recover <endpoint>')
    .description('Send again, per lead in order, all that was abandoned at an endpoint since a time')
    .requiredOption('--since <time>', 'abandoned then or later; 2h is two hours ago', time)
    .option('--until <time>', 'abandoned then or earlier; now by default', time)
    .option('--event <name>', 'of this event only: lead.enriched, …')
    .option('--lead <lead>', 'of this lead only')
    .option('--dry-run', 'only say how many deliveries that are')
    .option('--no-wait', 'return once the job has begun')
    .addHelpText('after', '\nExit code 7: the job is done, and some of it was abandoned again.')
    .action(async (endpoint, options, command) => {
      const session = await cli.open(command);
      const { recover } = await import('../recover.ts');
      await recover(session, endpoint, options);
    });

  program
    .command('jobs')
    .description('Recoveries under way')
    .command('watch <job>')
    .description('Follow a recovery to its end')
    .action(async (job, _, command) => {
      const session = await cli.open(command);
      const { watchJob } = await import('../recover.ts');
      await watchJob(session, job);
    });
}
