import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../src/within.ts';

/** A server that lives as long as we do. */
export interface EmbeddedProcess {
  readonly pid: number;
  /** Resolves when it has ended, with words for why: `exit code 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  /** Sends `signal`, waits at most `graceMs`, then kills it. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<void>;
}

interface Start {
  command: string;
  args: string[];
  /** Its output; truncated at every start. */
  logFile: string;
  /** Remembers which process it is, so that a later start can end one that outlived its parent. */
  recordFile: string;
  /** Sent by the kernel to the child when this process dies, even by kill -9. Linux only. */
  parentDeathSignal: 'INT' | 'KILL';
  /**
   * Words put before the command, such as `unshare --user`:
   * run before the signal is set, which a change of user clears.
   */
  prefix?: string[];
}

/**
 * Starts a server in a process group of its own, so that a Ctrl-C at the terminal reaches only us and we end it in
 * order. Where the kernel can (Linux with util-linux), it is also tied to our life.
 */
export async function startProcess({
  command,
  args,
  logFile,
  recordFile,
  parentDeathSignal,
  prefix = [],
}: Start): Promise<EmbeddedProcess> {
  const tie = hasSetpriv() ? ['setpriv', '--pdeathsig', parentDeathSignal, '--'] : [];
  const [program, ...rest] = [...prefix, ...tie, command, ...args] as [string, ...string[]];
  const log = openSync(logFile, 'w', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(program, rest, { detached: true, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
  let over = false;
  const ended = new Promise<string>((resolve) => {
    const end = (reason: string): void => {
      over = true;
      resolve(reason);
    };
    child.once('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    child.once('error', (error) => end(error.message));
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${program} did not start: ${await ended}`);
  await writeFile(recordFile, JSON.stringify({ pid, startTime: processStartTime(pid) }), { mode: 0o600 });
  return {
    pid,
    ended,
    hasEnded: () => over,
    async stop(signal, graceMs) {
      if (!over) {
        child.kill(signal);
        await within(graceMs, ended, () => undefined);
        if (!over) child.kill('SIGKILL');
        await ended;
      }
      await rm(recordFile, { force: true });
    },
  };
}

/**
 * Ends the process a record names if it outlived the parent that started it.
 * Another process with a reused pid is left alone.
 */
export async function stopStale(recordFile: string, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  const record = await readRecord(recordFile);
  if (record !== null) {
    const stepMs = 50;
    for (let waitedMs = 0; isSame(record); waitedMs += stepMs) {
      if (waitedMs === 0) kill(record.pid, signal);
      else if (waitedMs >= graceMs) kill(record.pid, 'SIGKILL');
      await sleep(stepMs);
    }
  }
  await rm(recordFile, { force: true });
}

interface ProcessRecord {
  pid: number;
  startTime: string | null;
}

export async function readRecord(file: string): Promise<ProcessRecord | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessRecord;
  } catch {
    return null; // never started, or killed while writing it
  }
}

/** Whether the recorded process still runs: a pid alone may have been given to another one since. */
export const isSame = ({ pid, startTime }: ProcessRecord): boolean =>
  startTime !== null && processStartTime(pid) === startTime;

/** When a process started, in whatever unit the system uses; null when there is none, or only a zombie. */
export function processStartTime(pid: number): string | null {
  if (process.platform !== 'linux')
    return spawnSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' }).stdout.trim() || null;
  try {
    // The command name may hold spaces and parentheses:
    // fields are counted after the last one (proc(5): 3 state, 22 starttime).
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it ended by itself in the meantime
  }
}

let setpriv: boolean | undefined;
function hasSetpriv(): boolean {
  setpriv ??= process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'INT', '--', 'true']).status === 0;
  return setpriv;
}
