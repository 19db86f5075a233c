import { Option } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import type { Program } from '../bare-program.ts';
import { names, time } from '../values.ts';

interface EventType {
  name: string;
  availability: string;
  lead_status: string | null;
  description: string;
}

const columns = [
  { title: 'EVENT', value: ({ name }: EventType) => name },
  { title: 'AVAILABILITY', value: ({ availability }: EventType) => availability },
  { title: 'LEAD STATUS', value: ({ lead_status }: EventType) => lead_status },
  { title: 'DESCRIPTION', value: ({ description }: EventType) => description },
];

/** For a developer of a receiver. */
export function addWebhookCommands(program: Program, cli: Cli): void {
  program
    .command('listen')
    .description(
      'Subscribe this machine: what is sent is forwarded to a local program, in order and retried as anywhere',
    )
    .option('--forward-to <url>', 'where it goes; without it each is shown and answered with 200')
    .option('--events <names>', 'beside lead.enriched', names)
    .option('--prod', 'real leads instead of sandbox ones')
    .option('--print-secret', 'show the secret that signs, and end')
    .option('--exit-on-fail', 'end with exit code 1 at the first answer that is not 2xx')
    .option('--tap <endpoint>', "copy another endpoint's deliveries instead, signed with the secret of the profile")
    .addHelpText(
      'after',
      '\nCtrl-C deletes the endpoint. A listener that is gone for a minute is held, and goes on when it is started again.',
    )
    .action(async (options, command) => {
      const session = await cli.open(command, { mayBeNew: true });
      const { listen } = await import('../listen/command.ts');
      await listen(cli, session, options);
    });

  program
    .command('trigger <event>')
    .description("Play a lead: `journey` is all of it, an event's name what makes that event due")
    .option('--lead <id>', 'go on with this lead, by the one step that is named; else a new one')
    .addOption(new Option('--mode <mode>', 'of the lead').choices(['prod', 'sandbox'] as const).default('sandbox'))
    .addHelpText('after', "\nIt needs the operator's key or a backend's, and --org.")
    .action(async (event, options, command) => {
      const session = await cli.open(command);
      const { trigger } = await import('../trigger.ts');
      await trigger(session, event, options);
    });

  program
    .command('verify')
    .description('Check the signatures of a saved request, and say what usually is behind a failure')
    .option('--secret-env <name>', 'environment variable that holds the signing secret', 'SPARK360_WEBHOOK_SECRET')
    .option('--at <time>', 'the time it was received, for the age of its timestamp; now by default', time)
    .addHelpText(
      'after',
      '\nThe request comes on stdin as it was on the wire: headers, an empty line, the body.\n\n  spark360 verify --secret-env CRM_SECRET < request.http',
    )
    .action(async ({ secretEnv, at }, command) => {
      const { verifyStdin } = await import('../verify-stdin.ts');
      await verifyStdin(cli.context, command.optsWithGlobals(), { secretEnv, at });
    });

  program
    .command('events')
    .description('What an endpoint can subscribe to')
    .command('types')
    .description('List the outbound events; --json has schemas and examples')
    .action(async (_, command) => {
      const { api, out } = await cli.open(command);
      out.list(columns, await api.call<{ data: EventType[]; next_cursor: null }>('GET', '/v1/event-types'));
    });
}
