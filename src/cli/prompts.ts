import { confirm, isCancel, password } from '@clack/prompts';
import type { CliContext } from './context.ts';
import { endWith } from './errors.ts';
import { exitCodes } from './exit-codes.ts';

const streams = ({ stdin, stderr }: CliContext) => ({ input: stdin, output: stderr });

/** @throws exit code 130 when it is not answered with yes */
export async function confirmAtTerminal(context: CliContext, question: string): Promise<void> {
  const answer = await confirm({ message: question, initialValue: false, ...streams(context) });
  if (answer !== true) throw endWith(exitCodes.interrupted);
}

/** Asks for a key without showing it. */
export async function askForKey(context: CliContext): Promise<string> {
  const answer = await password({ message: 'API key', ...streams(context) });
  if (isCancel(answer)) throw endWith(exitCodes.interrupted);
  return answer;
}
