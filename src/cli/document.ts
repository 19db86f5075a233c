import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { exitCodes } from './exit-codes.ts';

const preface = `# The command line

\`spark360\` is the package's command: in a checkout, after \`npm run build\`, and in the image it is \`node dist/src/bin/spark360.js\`. It calls the
HTTP API, so it sees what its key may see. Roles, \`migrate\`, \`reencrypt\` and \`doctor\` run where the service runs, with its environment ([configuration](configuration.md)).

\`\`\`sh
spark360 login < key-file                                        # keeps the key in a profile, checked
spark360 listen --forward-to http://localhost:3000/webhooks      # what is sent goes to your program, in order
spark360 trigger journey                                         # in another terminal, with a backend's key: a lead goes its way
spark360 deliveries list --status abandoned --json | jq -r '.data[].id'
\`\`\`

**Output.** Data goes to stdout, all else to stderr. A table for people; \`--json\` prints one document (lists as the API gives them, over all pages
up to \`--limit\`), \`--jsonl\` one a line. With either an error is a problem document, the last line of stderr: the API's own where there is one. Colors only on
a terminal, and not with \`NO_COLOR\` or \`--no-color\`.

**Questions.** What cannot be undone says first how much it concerns, and takes \`--dry-run\`. Then it asks, on a terminal; elsewhere, or with
\`--no-input\`, it needs \`--yes\`.

**Settings.** A flag goes before the environment, which goes before the profile.

| flag | environment | profile | |
|---|---|---|---|
| \`--api-url\` | \`SPARK360_API_URL\` | \`api_url\` | where the service is; \`http://127.0.0.1:8080\` by default |
| none: others could read it in the list of processes | \`SPARK360_API_KEY\` | \`api_key\` | the key |
| \`--org\` | \`SPARK360_ORGANIZATION\` | \`organization\` | an organization's key names its own |
| \`--profile\` | \`SPARK360_PROFILE\` | | which profile; else the one that a \`.spark360.toml\` in the folder names (\`profile = "staging"\`, and no key), else \`default\` |

Profiles are in \`~/.config/spark360/config.toml\` (\`XDG_CONFIG_HOME\`), \`[profile.<name>]\`, readable by their owner only.

**Completion.** \`eval "$(spark360 completion bash)"\`; \`spark360 completion zsh > "\${fpath[1]}/_spark360"\`; \`spark360 completion fish | source\`.

**Exit codes.**

| code | |
|---|---|
| ${exitCodes.done} | done |
| ${exitCodes.failed} | what was asked for failed: an answer that is not 2xx, a check of \`doctor\` |
| ${exitCodes.usage} | a wrong command, flag or value |
| ${exitCodes.unauthorized} | no key, or one that may not do it |
| ${exitCodes.notFound} | nothing there |
| ${exitCodes.conflict} | a conflict with what is: 409 |
| ${exitCodes.unreachable} | the service, or a part it needs, is away |
| ${exitCodes.partlyDone} | partly done: a recovery of which some was abandoned again |
| ${exitCodes.interrupted} | interrupted, or answered with no |

## \`listen\`

It subscribes an endpoint of its own, of kind \`listener\`: order, retries, attempt log, resend, pause and console pages are as for any other, and
no URL has to be public. Sandbox leads only, unless \`--prod\`. The secret is made once and kept in the profile: \`spark360 listen --print-secret\`.
Ctrl-C deletes the endpoint, and so does the end of the terminal or of what reads its output. One that was killed, or is gone for a minute, is taken
up again by the same command on the same machine; after that minute it is paused (\`listener_lost\`), and what is due is held.

\`--tap ENDPOINT\` copies what another endpoint is sent, signed with the profile's secret; the endpoint itself notices nothing, and a copy is made
once.

## \`doctor\`

It looks at Postgres, the schema, Temporal, its namespace and search attributes, what can be seen of its settings, workers, the daily retention,
clocks, keys, mail, names, the outbox, deliveries whose workflow is gone, and accepted events that were never applied, and says of each what to
do. To read Temporal's clock it starts a workflow \`doctor/…\` that nothing works on, and terminates it. \`--fix\` registers search attributes, starts a
workflow for deliveries that have none, and signals accepted events again that the outbox still has. It looks at every unsettled delivery, and reads the
whole ledger of inbound events in parts: in a large service that takes minutes, and it says how far it is.

## Commands
`;

/** docs/cli.md: what is written by hand, and the usage of every command as commander knows it. */
export const cliDocument = (program: CommandUnknownOpts): string =>
  `${[preface, ...leaves(program).map(section)].join('\n')}`;

/** Commands that do something, in the order of the help. */
const leaves = (command: CommandUnknownOpts): CommandUnknownOpts[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

function section(command: CommandUnknownOpts): string {
  const options = command.options.filter(({ hidden }) => !hidden);
  const lines = options.map(({ flags, description, defaultValue }) => {
    const preset = defaultValue === undefined || typeof defaultValue === 'boolean' ? '' : ` (${defaultValue})`;
    return `- \`${flags}\`: ${description}${preset}`;
  });
  const path = [command.name()];
  for (let parent = command.parent; parent !== null; parent = parent.parent) path.unshift(parent.name());
  const args = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [
    `### \`${[...path, ...args].join(' ')}\``,
    '',
    `${command.description()}.`,
    ...(lines.length > 0 ? ['', ...lines] : []),
    '',
  ].join('\n');
}
