import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { keptPort } from './ports.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { type EmbeddedProcess, startProcess, stopStale } from './process.ts';

const user = 'spark360';
const database = 'spark360_events';
const startTimeoutMs = 60_000;

/** With the password: not for a log. */
export const postgresUrl = (password: string, port: number): string =>
  `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;

interface EmbeddedPostgres {
  /** With the password: not for a log. */
  url: string;
  /** Resolves when it has ended, asked or not, with words for why. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

/**
 * A real Postgres of our own under `dataDir/postgres`, on loopback only, behind a made password. What an earlier start
 * left there is used again, also after a kill -9. `fsync: false` is for tests: it loses data when the machine stops.
 */
export async function startPostgres({
  dataDir,
  port,
  fsync,
}: {
  dataDir: string;
  port?: number;
  fsync: boolean;
}): Promise<EmbeddedPostgres> {
  const home = join(dataDir, 'postgres');
  const files = {
    data: join(home, 'data'),
    password: join(home, 'password'),
    log: join(home, 'postgres.log'),
    record: join(home, 'process.json'),
  };
  await mkdir(home, { recursive: true, mode: 0o700 });
  const { initdb, postgres } = await postgresBinaries();
  const prefix = unprivileged();
  await stopStale(files.record, 'SIGINT', 10_000);
  await initialise(files.data, files.password, { initdb, postgres, prefix, fsync });

  const portFile = join(home, 'port');
  let chosen = await keptPort(portFile, port);
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    // It holds the pid of a postmaster that is gone (ours was stopped above), which may by now be any other process's.
    await rm(join(files.data, 'postmaster.pid'), { force: true });
    const args = ['-D', files.data, ...settings(chosen, fsync)];
    const child = await startProcess({
      command: postgres,
      args,
      logFile: files.log,
      recordFile: files.record,
      parentDeathSignal: 'INT',
      prefix,
    });
    if (await isReady(child, files.data, deadline)) {
      const password = (await readFile(files.password, 'utf8')).trim();
      return {
        url: postgresUrl(password, chosen),
        ended: child.ended,
        stop: () => child.stop('SIGINT', 5_000), // "fast shutdown": does not wait for clients
      };
    }
    await child.stop('SIGQUIT', 2_000);
    const log = await readFile(files.log, 'utf8');
    if (/could not bind|Address already in use/.test(log)) chosen = await keptPort(portFile);
    // The backends of a killed postmaster need a moment to notice and to leave its shared memory.
    else if (/shared memory block|lock file/.test(log) && Date.now() < deadline) await sleep(300);
    else throw new Error(`Embedded Postgres did not start. The end of ${files.log}:\n${lastLines(log)}`);
  }
}

interface Tools {
  initdb: string;
  postgres: string;
  prefix: string[];
  fsync: boolean;
}

/** Makes the cluster under a temporary name first, so that one killed half-way is never taken for a whole one. */
async function initialise(
  data: string,
  passwordFile: string,
  { initdb, postgres, prefix, fsync }: Tools,
): Promise<void> {
  if (
    await access(data).then(
      () => true,
      () => false,
    )
  )
    return;
  const unfinished = `${data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  const options = [
    '--encoding=UTF8',
    '--locale=C',
    '--auth=scram-sha-256',
    `--username=${user}`,
    `--pwfile=${passwordFile}`,
  ];
  await run([...prefix, initdb, '-D', unfinished, ...options, ...(fsync ? [] : ['--no-sync'])]);
  await run([...prefix, postgres, '--single', '-D', unfinished, 'postgres'], `create database ${database}\n`);
  await rename(unfinished, data);
}

async function run([command, ...args]: string[], input = ''): Promise<void> {
  const running = promisify(execFile)(command as string, args);
  running.child.stdin?.end(input);
  await running.catch((cause: Error & { stderr: string }) => {
    throw new Error(`Embedded Postgres could not be set up: ${lastLines(cause.stderr)}`, { cause });
  });
}

const settings = (port: number, fsync: boolean): string[] =>
  Object.entries({
    listen_addresses: '127.0.0.1',
    port: `${port}`,
    unix_socket_directories: '',
    max_connections: '200',
    max_wal_size: '2GB',
    // The detail of a violated constraint is the row, and a row may hold personal data.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** As pg_ctl does: line 1 of postmaster.pid is the pid, line 8 the state. */
async function isReady(child: EmbeddedProcess, data: string, deadline: number): Promise<boolean> {
  while (!child.hasEnded() && Date.now() < deadline) {
    const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return true;
    await sleep(20);
  }
  return false;
}

/** Postgres refuses to run as root: as root it runs in a user namespace, in which it is someone else. */
function unprivileged(): string[] {
  if (process.getuid?.() !== 0) return [];
  const prefix = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
  if (spawnSync(prefix[0] as string, [...prefix.slice(1), 'true']).status === 0) return prefix;
  throw new Error(
    'Postgres refuses to run as root, and this system allows no user namespace. Run as another user, or set DATABASE_URL.',
  );
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-8).join('\n');
