import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openDatabase } from '../../../src/db/pool.ts';
import { startPostgres } from '../../../dev/embedded/postgres.ts';

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'spark360-postgres-'));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const ask = async <Row extends Record<string, unknown>>(url: string, sql: string): Promise<Row[]> => {
  const db = openDatabase(url, 1, () => undefined);
  try {
    return await db.query<Row>(sql);
  } finally {
    await db.close();
  }
};
const pid = (): number =>
  (JSON.parse(readFileSync(join(dataDir, 'postgres', 'process.json'), 'utf8')) as { pid: number }).pid;

test('a second start finds what the first one kept, on the same address', async () => {
  const first = await startPostgres({ dataDir, fsync: false });
  await ask(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  const second = await startPostgres({ dataDir, fsync: false });
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  await second.stop();
});

test('a server that was killed, its lock file left behind, starts again with its data', async () => {
  const killed = await startPostgres({ dataDir, fsync: true });
  await ask(killed.url, 'create table survived as select 1 as one');
  process.kill(pid(), 'SIGKILL');
  const next = await startPostgres({ dataDir, fsync: true });
  expect(await ask(next.url, 'select one from survived')).toEqual([{ one: 1 }]);
  await killed.stop();
  await next.stop();
});

test('a server that outlived its parent is ended before the next one starts', async () => {
  const orphan = await startPostgres({ dataDir, fsync: false });
  const orphanPid = pid();
  const next = await startPostgres({ dataDir, fsync: false });
  expect(pid()).not.toBe(orphanPid);
  expect(spawnSync('kill', ['-0', `${orphanPid}`]).status).not.toBe(0);
  await orphan.stop();
  await next.stop();
});

test('it listens on loopback only, its password is asked for and readable by its owner only', async () => {
  const postgres = await startPostgres({ dataDir, fsync: false });
  expect(await ask(postgres.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  expect(await ask(postgres.url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
  expect(statSync(join(dataDir, 'postgres', 'password')).mode & 0o777).toBe(0o600);
  const wrong = new URL(postgres.url);
  wrong.password = 'wrong';
  await expect(ask(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
  await postgres.stop();
});
