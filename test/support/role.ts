import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './eventually.ts';

/** One role of the service in a process of its own, started again when it ends, as a supervisor does. */
export interface Role {
  readonly name: string;
  /** Of the process that runs now. */
  pid(): number;
  /** kill -9, at once; it is started again after `downMs`. Resolves when it is up again. */
  kill(downMs?: number): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** SIGTERM, without a new start; gives the exit code and how long it took (milliseconds). */
  stop(): Promise<{ code: number | null; tookMs: number }>;
  /** kill -9 for good. */
  end(): Promise<void>;
  /** Starts a stopped one again; resolves when it is up. */
  start(): Promise<void>;
  /** Its last words, each time it ended without being asked. */
  crashes(): string[];
  log(): string;
}

export interface RoleOptions {
  name: string;
  /** Node's: its options, the file, and what the file is told. */
  args: string[];
  environment: Record<string, string>;
  logFile: string;
}

/** How long a supervisor waits before it starts an ended process again (milliseconds). */
const restartMs = 500;
const startTimeoutMs = 90_000;

/** Runs a role. It is up when its log says so; where a part it needs is away it may end, and is started again. */
export async function startRole({ name, args, environment, logFile }: RoleOptions): Promise<Role> {
  let wanted = true;
  let isKilled = false;
  let delayMs = restartMs;
  let launches = 0;
  const crashes: string[] = [];
  let pid = 0;
  let exited: Promise<number | null> = Promise.resolve(null);
  const mark = (launch: number): string => `--- start ${launch} of ${name}`;
  const log = (): string => readFileSync(logFile, 'utf8');

  const launch = (): void => {
    launches += 1;
    appendFileSync(logFile, `${mark(launches)}\n`, { mode: 0o600 });
    const output = openSync(logFile, 'a');
    // The kernel ends it with us: a test run that is killed leaves nothing behind.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, ...args], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    pid = child.pid ?? 0;
    isKilled = false;
    delayMs = restartMs;
    exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    void exited.then(async () => {
      if (!wanted) return;
      if (!isKilled) crashes.push(log().trimEnd().split('\n').at(-1) ?? '');
      await sleep(delayMs);
      if (wanted) launch();
    });
  };
  const upSince = (former: number): Promise<void> =>
    eventually(() => {
      const latest = log().split(mark(launches))[1] ?? '';
      if (launches <= former || !latest.includes('"msg":"started"'))
        throw new Error(`${name} is not up:\n${latest.slice(-2_000)}`);
    }, startTimeoutMs);
  const signal = (kind: NodeJS.Signals): void => {
    try {
      process.kill(pid, kind);
    } catch {
      // It ended by itself a moment ago, and is about to be started again.
    }
  };

  launch();
  await upSince(0);
  return {
    name,
    pid: () => pid,
    kill(downMs = restartMs) {
      isKilled = true;
      delayMs = downMs;
      const former = launches;
      signal('SIGKILL');
      return upSince(former);
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async stop() {
      wanted = false;
      const startedAt = performance.now();
      signal('SIGTERM');
      const code = await exited;
      return { code, tookMs: performance.now() - startedAt };
    },
    async end() {
      wanted = false;
      signal('SIGKILL');
      await exited;
    },
    async start() {
      wanted = true;
      const former = launches;
      launch();
      await upSince(former);
    },
    crashes: () => crashes,
    log,
  };
}
