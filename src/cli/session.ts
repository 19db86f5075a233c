import { ApiClient } from './api-client.ts';
import type { CliContext } from './context.ts';
import { usageError } from './errors.ts';
import { Output } from './output.ts';
import { type GlobalOptions, readSettings, type Settings } from './settings.ts';
import { segment } from './values.ts';

/** Whose key it is, as `GET /v1/session` tells. */
export interface Identity {
  role: 'operator' | 'ingest' | 'organization';
  organization_id: string | null;
}

/** What a command works with. */
export interface Session {
  context: CliContext;
  settings: Settings;
  options: GlobalOptions;
  api: ApiClient;
  out: Output;
  whoami(): Promise<Identity>;
  /** The organization that the command is about. @throws a usage error where none is named */
  organization(): Promise<string>;
  /** The path of something of that organization: `/v1/organizations/<id>/<segments…>`. */
  organizationPath(...segments: string[]): Promise<string>;
  /**
   * Asks before something that cannot be undone, having said what it would do. `--yes` answers; without a terminal, or
   * with `--no-input`, it is refused.
   */
  confirm(question: string): Promise<void>;
}

/** Whether a question can be asked: on a terminal only, and not where JSON is wanted. */
export const mayAsk = ({ stdin, stderr }: CliContext, { input, json, jsonl }: GlobalOptions): boolean =>
  input !== false && json !== true && jsonl !== true && stdin.isTTY === true && stderr.isTTY === true;

export function outputOf(context: CliContext, options: GlobalOptions): Output {
  const format = options.jsonl === true ? 'jsonl' : options.json === true ? 'json' : 'text';
  return new Output(context, { format, color: options.color !== false });
}

export async function openSession(
  context: CliContext,
  options: GlobalOptions,
  { mayBeNew = false }: { mayBeNew?: boolean } = {},
): Promise<Session> {
  const settings = await readSettings(context, options, { mayBeNew });
  const api = new ApiClient(settings.apiUrl, settings.apiKey);
  const out = outputOf(context, options);
  if (settings.warning !== null) out.warn(settings.warning);
  const whoami = () => api.call<Identity>('GET', '/v1/session');
  const organization = async () => {
    const named = settings.organization ?? (await whoami()).organization_id;
    if (named === null) throw usageError('Which organization? Name it with --org or SPARK360_ORGANIZATION.');
    return named;
  };
  return {
    context,
    settings,
    options,
    api,
    out,
    whoami,
    organization,
    organizationPath: async (...segments) =>
      `/v1/organizations/${[await organization(), ...segments].map(segment).join('/')}`,
    async confirm(question) {
      if (options.yes === true) return;
      if (!mayAsk(context, options)) throw usageError(`${question} Say --yes: there is no terminal to ask at.`);
      const { confirmAtTerminal } = await import('./prompts.ts');
      await confirmAtTerminal(context, question);
    },
  };
}
