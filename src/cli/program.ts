import { bareProgram, type Program } from './bare-program.ts';
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

/**
 * The whole table of commands. Building it loads nothing but these definitions:
 * what they need, they load when they run.
 */
export function buildProgram(cli: Cli, version: string): Program {
  const program = bareProgram(version);
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
