import { Option } from '@commander-js/extra-typings';
import type { Endpoint, NewEndpoint } from '../api-types.ts';
import type { Cli } from '../cli.ts';
import type { Program } from '../bare-program.ts';
import { count, names, seconds } from '../values.ts';

const columns = [
  { title: 'ID', value: ({ id }: Endpoint) => id },
  { title: 'STATUS', value: ({ status, paused_reason }: Endpoint) => paused_reason ?? status },
  { title: 'MODE', value: ({ mode }: Endpoint) => mode },
  { title: 'EVENTS', value: ({ events }: Endpoint) => events.map((name) => name.replace(/^lead\./, '')).join(',') },
  { title: 'URL', value: ({ url }: Endpoint) => url },
];

const entries = (endpoint: Endpoint): [string, unknown][] =>
  Object.entries(endpoint).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);

const modes = () => new Option('--mode <mode>', 'which leads it gets, for good').choices(['prod', 'sandbox'] as const);

/** Subscriptions of an organization. */
export function addEndpointCommands(program: Program, cli: Cli): void {
  const group = endpointGroup(program);
  addReading(group, cli);
  addChanges(group, cli);
  addControl(group, cli);
}

const endpointGroup = (program: Program) =>
  program.command('endpoints').description('Subscriptions: where webhooks go');

type Group = ReturnType<typeof endpointGroup>;

function addReading(group: Group, cli: Cli): void {
  group
    .command('list')
    .description('List endpoints, oldest first')
    .option('--limit <n>', 'how many at most', count, 50)
    .action(async ({ limit }, command) => {
      const { api, out, organizationPath } = await cli.open(command);
      out.list(columns, await api.list<Endpoint>(await organizationPath('endpoints'), { limit }));
    });

  group
    .command('show <endpoint>')
    .description('Show an endpoint')
    .action(async (endpoint, _, command) => {
      const { api, out, organizationPath } = await cli.open(command);
      const shown = await api.call<Endpoint>('GET', await organizationPath('endpoints', endpoint));
      out.thing(shown, entries(shown));
    });
}

function addChanges(group: Group, cli: Cli): void {
  group
    .command('create <url>')
    .description('Subscribe a URL; its signing secret is shown this once')
    .option('--events <names>', 'beside lead.enriched, which every endpoint gets', names)
    .addOption(modes())
    .option('--description <text>', 'for people')
    .option('--max-in-flight <n>', 'requests open there at once', count)
    .option('--rate-limit <n>', 'attempts a second', count)
    .action(async (url, { maxInFlight, rateLimit, ...rest }, command) => {
      const { api, out, organizationPath } = await cli.open(command);
      const made = await api.call<NewEndpoint>('POST', await organizationPath('endpoints'), {
        body: { url, ...rest, max_in_flight: maxInFlight, rate_limit: rateLimit },
      });
      out.thing(made, entries(made));
      out.hint(`spark360 endpoints test ${made.id}`);
    });

  group
    .command('update <endpoint>')
    .description('Change what is said, and nothing else')
    .option('--url <url>', 'from the next attempt on')
    .option('--events <names>', 'from the next event on', names)
    .option('--description <text>', 'for people')
    .option('--max-in-flight <n>', 'requests open there at once', count)
    .option('--rate-limit <n>', 'attempts a second', count)
    .option('--no-rate-limit', 'as many attempts a second as come')
    .action(async (endpoint, { maxInFlight, rateLimit, ...rest }, command) => {
      const { api, out, organizationPath } = await cli.open(command);
      const changed = await api.call<Endpoint>('PATCH', await organizationPath('endpoints', endpoint), {
        body: {
          ...rest,
          max_in_flight: maxInFlight,
          rate_limit: rateLimit === false ? null : rateLimit,
        },
      });
      out.thing(changed, entries(changed));
    });

  group
    .command('delete <endpoint>')
    .description('Delete an endpoint: what is unsettled there is abandoned')
    .option('--dry-run', 'only say how many deliveries that concerns')
    .action(async (endpoint, { dryRun }, command) => {
      const session = await cli.open(command);
      const { deleteEndpoint } = await import('../endpoint-actions.ts');
      await deleteEndpoint(session, endpoint, dryRun === true);
    });
}

function addControl(group: Group, cli: Cli): void {
  group
    .command('pause <endpoint>')
    .description('Hold what is unsettled there, in order; nothing is lost')
    .option('--dry-run', 'only say how many deliveries that concerns')
    .action(async (endpoint, { dryRun }, command) => {
      const session = await cli.open(command);
      const { pauseEndpoint } = await import('../endpoint-actions.ts');
      await pauseEndpoint(session, endpoint, dryRun === true);
    });

  group
    .command('resume <endpoint>')
    .description('Let one held delivery go first, then the rest in order; waits until none is held')
    .option('--no-wait', 'return at once')
    .action(async (endpoint, { wait }, command) => {
      const session = await cli.open(command);
      const { resumeEndpoint } = await import('../endpoint-actions.ts');
      await resumeEndpoint(session, endpoint, wait);
    });

  group
    .command('rotate <endpoint>')
    .description('Make a new signing secret, shown this once; the old one signs too until the overlap ends')
    .option('--overlap <duration>', 'from 0s to 7d', seconds, 86_400)
    .option('--dry-run', 'only say what that concerns')
    .action(async (endpoint, { overlap, dryRun }, command) => {
      const session = await cli.open(command);
      const { rotateSecret } = await import('../endpoint-actions.ts');
      await rotateSecret(session, endpoint, { overlapSeconds: overlap, dryRun: dryRun === true });
    });

  group
    .command('test <endpoint>')
    .description('Send a sample lead.enriched now and show the answer; exit code 1 unless it is 2xx')
    .action(async (endpoint, _, command) => {
      const session = await cli.open(command);
      const { testEndpoint } = await import('../endpoint-actions.ts');
      await testEndpoint(session, endpoint);
    });
}
