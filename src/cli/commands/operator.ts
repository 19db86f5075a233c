import { roles } from '../context.ts';
import type { Cli } from '../cli.ts';
import type { Program } from '../bare-program.ts';

const roleDescriptions: Record<(typeof roles)[number], string> = {
  api: 'Run the HTTP API',
  worker: 'Run a worker',
  relay: 'Run a relay of the outbox',
  migrate: 'Bring the schema up to this build',
  all: 'Run everything in one process, with its own Postgres and Temporal unless their addresses are given',
};

/**
 * For the operator of the service.
 * Roles, `reencrypt` and `doctor` read the service's own environment (docs/configuration.md).
 */
export function addOperatorCommands(program: Program, cli: Cli): void {
  for (const role of roles) {
    program
      .command(role)
      .description(roleDescriptions[role])
      .allowExcessArguments()
      .allowUnknownOption()
      .action(() => cli.context.own.role(role));
  }

  program
    .command('doctor')
    .description('Check everything the service needs, and say what to do; exit code 1 when something is wrong')
    .option('--fix', 'mend what can be mended safely')
    .action(async ({ fix }, command) => {
      const { runDoctor } = await import('../doctor.ts');
      await runDoctor(cli.context, command.optsWithGlobals(), { fix: fix === true });
    });

  program
    .command('temporal')
    .description("What belongs to Temporal's UI")
    .command('views')
    .description("Print links to saved views of Temporal's UI: opened once, a view stays there")
    .option('--ui-url <url>', "where the UI is; else what the service's TEMPORAL_UI_URL says")
    .option('--namespace <name>', "of the service; else what the service's TEMPORAL_NAMESPACE says")
    .action(async (options, command) => {
      const session = await cli.open(command);
      const { printViews } = await import('../temporal-views.ts');
      await printViews(session, options);
    });

  program
    .command('reencrypt')
    .description('Seal all that is stored anew under the first key of ENCRYPTION_KEYS')
    .action(async (_, command) => {
      const { reencryptAll } = await import('../reencrypt.ts');
      await reencryptAll(cli.context, command.optsWithGlobals());
    });
}
