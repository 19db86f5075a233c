import { roles } from '../context.ts';
import type { Cli } from '../cli.ts';
import type { Program } from '../program.ts';

const roleDescriptions: Record<(typeof roles)[number], string> = {
  api: 'Run the HTTP API',
  worker: 'Run a worker',
  relay: 'Run a relay of the outbox',
  migrate: 'Bring the schema up to this build',
  all: 'Run everything in one process, with its own Postgres and Temporal unless their addresses are given',
};

/** For who runs the service. Roles, `reencrypt` and `doctor` read the service's own environment (docs/configuration.md). */
export function addOperatorCommands(program: Program, cli: Cli): void {
  for (const role of roles) {
    program
      .command(role, { hidden: false })
      .description(roleDescriptions[role])
      .allowExcessArguments()
      .allowUnknownOption()
      .action(() => cli.context.own.role(role));
  }

  program
    .command('reencrypt')
    .description('Seal all that is stored anew under the first key of ENCRYPTION_KEYS')
    .action(async (_, command) => {
      const { reencryptAll } = await import('../reencrypt.ts');
      await reencryptAll(cli.context, command.optsWithGlobals());
    });
}
