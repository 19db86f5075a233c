import { Command, Option } from '@commander-js/extra-typings';
import type { Cli } from './cli.ts';
import { addDeadLetterCommands } from './commands/dead-letters.ts';
import { addDeliveryCommands } from './commands/deliveries.ts';
import { addEndpointCommands } from './commands/endpoints.ts';
import { addKeyCommands } from './commands/keys.ts';
import { addLeadCommands } from './commands/leads.ts';
import { addOperatorCommands } from './commands/operator.ts';
import { addPortalCommands } from './commands/portal.ts';
import { addRecoveryCommands } from './commands/recovery.ts';
import { addSessionCommands } from './commands/session.ts';
import { addWebhookCommands } from './commands/webhooks.ts';

const bare = (version: string) =>
  new Command('spark360')
    .description('Spark360 Events: what happens to every lead, told to partners by signed webhook.')
    .version(version)
    .option('--profile <name>', 'profile of config.toml to use')
    .option('--api-url <url>', 'where the service is')
    .option('--org <id>', "organization; an organization's key names its own")
    .addOption(new Option('--json', 'one JSON document on stdout').conflicts('jsonl'))
    .option('--jsonl', 'a JSON document a line, for lists and streams')
    .option('--no-color', 'no colors; so does NO_COLOR')
    .option('-y, --yes', 'do it without asking')
    .option('--no-input', 'never ask: refuse what would need an answer')
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false });

export type Program = ReturnType<typeof bare>;

/** The whole table of commands. Building it loads nothing but these definitions: what they need, they load when they run. */
export function buildProgram(cli: Cli, version: string): Program {
  const program = bare(version);
  program.exitOverride().configureOutput({
    writeOut: (text) => void cli.context.stdout.write(text),
    writeErr: (text) => void (cli.wantsJson || cli.context.stderr.write(text)),
  });
  for (const add of [
    addSessionCommands,
    addWebhookCommands,
    addEndpointCommands,
    addDeliveryCommands,
    addLeadCommands,
    addRecoveryCommands,
    addKeyCommands,
    addPortalCommands,
    addOperatorCommands,
    addDeadLetterCommands,
  ]) {
    add(program, cli);
  }
  return program;
}
