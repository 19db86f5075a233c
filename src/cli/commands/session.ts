import type { Cli } from '../cli.ts';
import { Argument } from '@commander-js/extra-typings';
import { shells } from '../completion.ts';
import type { Program } from '../bare-program.ts';

/** The role and organization of the key in use, and the settings. */
export function addSessionCommands(program: Program, cli: Cli): void {
  program
    .command('login')
    .description('Keep a key in a profile: asked for at a terminal, else read from stdin')
    .addHelpText('after', '\nThe key never is a flag: other users of the machine could read it there.')
    .action(async (_, command) => {
      const session = await cli.open(command, { mayBeNew: true });
      const { login } = await import('../login.ts');
      await login(session);
    });

  program
    .command('whoami')
    .description('Show whose key is used, and where')
    .action(async (_, command) => {
      const { settings, whoami, out } = await cli.open(command);
      const { role, organization_id } = await whoami();
      const shown = { role, organization_id, api_url: settings.apiUrl, profile: settings.profileName };
      out.thing({ ...shown, key_source: settings.keySource }, [
        ...Object.entries(shown),
        ['key from', settings.keySource === 'profile' ? settings.configFile : settings.keySource],
      ]);
    });

  const config = program.command('config').description('The settings of the command line');
  config
    .command('list')
    .description('Show the settings that hold, and all profiles; keys are masked')
    .action(async (_, command) => {
      const session = await cli.open(command, { mayBeNew: true });
      const { listConfig } = await import('../login.ts');
      await listConfig(session);
    });

  program
    .command('completion')
    .description('Print a script for completion in a shell')
    .addArgument(new Argument('<shell>', 'whose').choices(shells))
    .action(async (shell) => {
      const { completionScript } = await import('../completion.ts');
      cli.context.stdout.write(completionScript(shell, program));
    });
}
