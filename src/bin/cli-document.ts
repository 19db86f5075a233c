import { writeFileSync } from 'node:fs';
import type { CliContext } from '../cli/context.ts';
import { Cli } from '../cli/cli.ts';
import { cliDocument } from '../cli/document.ts';
import { buildProgram } from '../cli/program.ts';

writeFileSync('docs/cli.md', cliDocument(buildProgram(new Cli({} as CliContext, []), '')));
