import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '../../dev/embedded/postgres.ts';
import { startTemporal } from '../../dev/embedded/temporal.ts';

/**
 * Postgres or Temporal, in processes of their own, with their data on disk; started again when they end, as `npm start`
 * does.
 */
export interface Server {
  readonly name: string;
  /** A connection string, or host:port; the same after every start. */
  address: string;
  /** Of the process that runs now; for Postgres the one whose children serve. */
  pid(): number;
  /** kill -9, at once, and a new start after `downMs`. Resolves when it is up again. */
  kill(downMs?: number): Promise<void>;
  /** Kills one of its processes that serve clients; false where it has none. */
  killOneChild(): boolean;
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

interface Started {
  address: string;
  ended: Promise<string>;
  stop(): Promise<void>;
}

const restartMs = 300;

/** Supervises what `start` starts; its pid is in `home`. */
export async function serverOf(name: string, home: string, start: () => Promise<Started>): Promise<Server> {
  let current = await start();
  let isOurDoing = false;
  const { address } = current;
  const pid = (): number => (JSON.parse(readFileSync(join(home, 'process.json'), 'utf8')) as { pid: number }).pid;
  const children = (): number[] =>
    readFileSync(`/proc/${pid()}/task/${pid()}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  const restart = async (): Promise<void> => {
    current = await start();
    if (current.address !== address) throw new Error(`${name} came back at another address`);
    watch(current);
  };
  const watch = (started: Started): void => {
    void started.ended.then(async () => {
      while (!isOurDoing && started === current) {
        await sleep(restartMs);
        await restart().catch((error: Error) => process.stderr.write(`${name} does not start: ${error.message}\n`));
      }
    });
  };
  watch(current);
  const all = (signal: NodeJS.Signals): void => {
    for (const each of [pid(), ...children()]) process.kill(each, signal);
  };
  return {
    name,
    address,
    pid,
    async kill(downMs = restartMs) {
      isOurDoing = true;
      process.kill(pid(), 'SIGKILL');
      await current.ended;
      await sleep(downMs);
      isOurDoing = false;
      await restart();
    },
    killOneChild() {
      const chosen = children().filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('127.0.0.1'));
      const child = chosen[Math.floor(Math.random() * chosen.length)];
      if (child === undefined) return false;
      process.kill(child, 'SIGKILL');
      return true;
    },
    freeze: () => all('SIGSTOP'),
    thaw: () => all('SIGCONT'),
    stop() {
      isOurDoing = true;
      return current.stop();
    },
  };
}

/** Durable, as `npm start` runs it. */
export const startPostgresServer = (dataDir: string): Promise<Server> =>
  serverOf('Postgres', join(dataDir, 'postgres'), async () => {
    const { url, ...started } = await startPostgres({ dataDir, fsync: true });
    return { address: url, ...started };
  });

export const startTemporalServer = (dataDir: string): Promise<Server> =>
  serverOf('Temporal', join(dataDir, 'temporal'), () =>
    startTemporal({ dataDir, retentionDays: 1, report: (line) => void process.stderr.write(`${line}\n`) }),
  );
