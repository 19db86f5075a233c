import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, Hopeless } from '../support/eventually.ts';

/** What the demo says of its webhooks. */
export const demoWebhooks = [
  ' webhook lead.address_preview sequence 1 signature verified',
  ' webhook lead.enriched sequence 2 signature verified',
  ' webhook lead.rental_alert sequence 3 signature verified',
  ' webhook lead.contact_requested sequence 4 signature verified',
];

/** One `npm start` in a checkout, as a person would type it. */
export interface Started {
  output(): string;
  /** The lines of the demo's webhooks, without their durations. */
  webhooks(): string[];
  /** Waits until the output holds `text`; fails at once when the process ended before. */
  says(text: string, timeoutMs?: number): Promise<void>;
  /** Signals npm and gives its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  exit: Promise<number | null>;
}

/** The environment of a person who set nothing but these: not that of the test run, which names its own servers. */
function environment(own: Record<string, string>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_ENV|NODE_OPTIONS|DATABASE_URL|TEMPORAL_.*|TEST_.*|npm_(lifecycle|package)_.*)$/.test(name),
  );
  return { ...Object.fromEntries(kept), ...own };
}

export function npmStart(checkout: string, variables: Record<string, string>, ...args: string[]): Started {
  const child: ChildProcess = spawn('npm', ['start', '--', ...args], {
    cwd: checkout,
    env: environment(variables),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  let ended = false;
  const exit = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      ended = true;
      resolve(code);
    });
  });
  return {
    output: () => text,
    webhooks: () =>
      (text.match(/^ {2}webhook .*$/gm) ?? []).map((line) => line.replace(/ +\d+ ms$/, '').replace(/ +/g, ' ')),
    says: (wanted, timeoutMs) =>
      eventually(() => {
        if (text.includes(wanted)) return;
        const problem = `no "${wanted}" in:\n${text}`;
        throw ended ? new Hopeless(problem) : new Error(problem);
      }, timeoutMs),
    end: (signal) => {
      child.kill(signal);
      return exit;
    },
    exit,
  };
}

/** The pid that a part of `npm start` keeps in DATA_DIR: of the service itself, or of `postgres` or `temporal`. */
export const pidOf = (dataDir: string, part = ''): number =>
  (JSON.parse(readFileSync(join(dataDir, part, 'process.json'), 'utf8')) as { pid: number }).pid;

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
