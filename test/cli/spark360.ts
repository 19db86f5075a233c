import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildServiceOnce } from '../support/built-service.ts';
import { eventually } from '../support/eventually.ts';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  /** stdout as one document. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects, and fails where that is not there
  json: any;
}

/** A command that is under way. */
export interface Running {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Waits until stderr or stdout holds `text`. */
  says(text: string | RegExp): Promise<void>;
  ended: Promise<Ended>;
}

export interface Options {
  environment?: Record<string, string | undefined>;
  input?: string | Buffer;
  workingFolder?: string;
}

/** A person's machine: a home folder of its own, and `spark360` as a process of its own. */
export class Person {
  readonly home = mkdtempSync(join(tmpdir(), 'spark360-cli-'));
  readonly configFile = join(this.home, '.config/spark360/config.toml');
  readonly #program = buildServiceOnce().role('spark360');
  readonly environment: Record<string, string | undefined>;

  constructor(environment: Record<string, string | undefined> = {}) {
    this.environment = { PATH: process.env.PATH, HOME: this.home, ...environment };
  }

  start(args: string[], { environment = {}, input = '', workingFolder = this.home }: Options = {}): Running {
    const child = spawn(process.execPath, [this.#program, ...args], {
      cwd: workingFolder,
      env: { ...this.environment, ...environment } as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) =>
        resolve({
          code,
          stdout,
          stderr,
          get json() {
            return JSON.parse(stdout);
          },
        }),
      );
    });
    return {
      child,
      stdout: () => stdout,
      stderr: () => stderr,
      says: (text) =>
        eventually(() => {
          const all = `${stdout}\n${stderr}`;
          if (typeof text === 'string' ? all.includes(text) : text.test(all)) return;
          throw new Error(`it does not say ${text}:\n${all}`);
        }),
      ended,
    };
  }

  run(args: string[], options?: Options): Promise<Ended> {
    return this.start(args, options).ended;
  }

  forget(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
