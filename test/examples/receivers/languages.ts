import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../support/eventually.ts';
import { quietPort } from '../../support/quiet-port.ts';
import type { ContractRequest, Report } from './requests.ts';

/** A receiver of the examples, running on a store of its own. */
export interface Running {
  /** The status it answers. `chunked`: the body comes in chunks, without its length. The shell has no such thing. */
  send(request: Pick<ContractRequest, 'headers' | 'body'>, options?: { chunked?: boolean }): Promise<number>;
  /** Null for the shell's, which keeps no sequences. */
  report(): Promise<Report | null>;
  kill(): Promise<void>;
}

interface StartOptions {
  folder: string;
  secrets: readonly string[];
  /** It can read its store, and write no byte to any file. */
  isDiskFull?: boolean;
}

export interface Language {
  name: string;
  /** Programs it needs, each with arguments that succeed where it is fit. */
  needs: [program: string, ...args: string[]][];
  start(options: StartOptions): Promise<Running>;
}

const example = (path: string): string =>
  fileURLToPath(new URL(`../../../examples/receivers/${path}`, import.meta.url));
const transpiler = fileURLToPath(new URL('../../outbox/run-typescript.mjs', import.meta.url));

export const languages: Language[] = [
  {
    name: 'TypeScript',
    needs: [],
    start: (options) =>
      serve(options, () => [
        process.execPath,
        '--import',
        transpiler,
        '--no-warnings',
        example('typescript/receiver.ts'),
      ]),
  },
  {
    name: 'Python',
    needs: [['python3', '-c', 'import sys, sqlite3; sys.exit(sys.version_info < (3, 9))']],
    start: (options) => serve(options, () => ['python3', example('python/receiver.py')]),
  },
  {
    name: 'Go',
    needs: [['go', 'version']],
    start: (options) => {
      const binary = `${options.folder}/receiver`;
      execFileSync('go', ['build', '-buildvcs=false', '-o', binary, '.'], {
        cwd: example('go'),
        env: { ...process.env, GOFLAGS: '-mod=mod' },
      });
      return serve(options, () => [binary]);
    },
  },
  {
    name: 'PHP',
    needs: [['php', '-r', "exit(extension_loaded('pdo_sqlite') ? 0 : 1);"]],
    // Without a php.ini errors are displayed, and an error that is displayed leaves the status at 200.
    start: (options) =>
      serve(options, (port) => [
        'php',
        '-d',
        'display_errors=1',
        '-S',
        `127.0.0.1:${port}`,
        example('php/receiver.php'),
      ]),
  },
  {
    name: 'shell',
    needs: [['openssl', 'version']],
    start: async (options) => ({
      send: ({ headers, body }) => filter(options, savedRequest(headers, body)),
      report: async () => null,
      kill: async () => {},
    }),
  },
];

/** What this machine lacks for a language, or null. */
export const lacks = ({ needs }: Language): string | null =>
  needs.find(([program, ...args]) => spawnSync(program, args, { stdio: 'ignore' }).status !== 0)?.[0] ?? null;

const environment = ({ folder, secrets }: StartOptions): NodeJS.ProcessEnv => ({
  ...process.env,
  SPARK360_SECRETS: secrets.join(' '),
  STORE: `${folder}/store`,
});

/** A process whose files may have no byte more has what a full disk gives: its writes fail, its reads do not. */
const onDisk = ({ isDiskFull }: StartOptions, command: string[]): [program: string, args: string[]] => {
  const [program = '', ...args] = command;
  return isDiskFull ? ['sh', ['-c', `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`, ...command]] : [program, args];
};

async function serve(options: StartOptions, command: (port: number) => string[]): Promise<Running> {
  const port = await quietPort();
  const child = spawn(...onDisk(options, command(port)), {
    env: { ...environment(options), PORT: String(port), PHP_CLI_SERVER_WORKERS: '4' },
    stdio: 'ignore',
    // A group of its own: PHP's workers outlive the process that started them.
    detached: true,
  });
  const url = `http://127.0.0.1:${port}`;
  const read = async <Content>(path: string): Promise<Content> =>
    (await fetch(`${url}${path}`)).json() as Promise<Content>;
  await eventually(() => read('/health'));
  return {
    send: async ({ headers, body }, { chunked = false } = {}) => {
      const sent = chunked ? new Blob([body]).stream() : body;
      const request = { method: 'POST', headers, body: sent, duplex: 'half' } as const;
      return (await fetch(`${url}/webhooks/spark360`, request)).status;
    },
    report: async () => ({
      ...(await read<Pick<Report, 'stored'>>('/health')),
      ...(await read<Pick<Report, 'missing' | 'late'>>('/gaps')),
    }),
    kill: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await exit;
}

const savedRequest = (headers: Record<string, string>, body: string): string =>
  `POST /webhooks/spark360 HTTP/1.1\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`;

async function filter(options: StartOptions, input: string): Promise<number> {
  const child = spawn(...onDisk(options, ['sh', example('shell/receive.sh')]), {
    env: environment(options),
    stdio: ['pipe', 'pipe', options.isDiskFull ? 'ignore' : 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdin.end(input);
  await once(child, 'close');
  return Number(output.trim());
}
