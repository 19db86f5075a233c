import { Command, Option } from '@commander-js/extra-typings';

/** The program without its commands: its name, and the options that all of them take. */
export const bareProgram = (version: string) =>
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

export type Program = ReturnType<typeof bareProgram>;
