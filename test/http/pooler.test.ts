import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkDatabases } from '../../src/bin/check-databases.ts';
import { openDatabase } from '../../src/db/pool.ts';
import { startApi } from '../../src/http/server.ts';
import { aLead } from '../support/lead-events.ts';
import { startTransactionPooler } from '../support/transaction-pooler.ts';
import { call } from './call.ts';
import { startTestApi, type TestApi } from './api.ts';

let api: TestApi;
let direct: string;
beforeAll(async () => {
  api = await startTestApi();
  direct = api.deps.config.databaseUrl ?? '';
});
afterAll(() => api?.stop());

describe('DATABASE_URL through a pooler in transaction mode', () => {
  test.each([
    ['gives every transaction another connection', undefined, /transactions of one session to several connections/],
    ['refuses what a session sets', 'statement_timeout', /refuses the bounds of time of a session .*statement_timeout/],
  ])('that %s is refused by name at the start', async (_how, refused, words) => {
    const pooler = await startTransactionPooler(direct, refused);
    for (const name of ['databaseUrl', 'outboxDatabaseUrl']) {
      const given = { databaseUrl: direct, [name]: pooler.url };
      const problem = await checkDatabases(given).then(
        () => 'started',
        (error: Error) => `${error.name} ${error.message}`,
      );
      expect(problem).toMatch(new RegExp(`^ConfigError ${name === 'databaseUrl' ? '' : 'OUTBOX_'}DATABASE_URL: `));
      expect(problem).toMatch(words);
      expect(problem).toMatch(/expected the address of Postgres itself, or of a pool in session mode$/);
    }
    pooler.close();
  });

  test('Postgres itself is taken, with other sessions beside ours', async () => {
    await Promise.all(
      Array.from({ length: 5 }, () => checkDatabases({ databaseUrl: direct, outboxDatabaseUrl: direct })),
    );
  });
});

test('a database that drops what a session holds makes no 500: 503 with Retry-After, or the event is accepted', async () => {
  const db = openDatabase(direct, 4, () => undefined);
  const { url, close } = await startApi({ ...api.deps, db });
  const send = () => call(`${url}/v1/events`, 'POST', { body: aLead(randomUUID()).created() });
  const allAtOnce = async (count: number) => Promise.all(Array.from({ length: count }, send));
  expect((await allAtOnce(12)).map(({ status }) => status)).toEqual(Array(12).fill(202));
  // As a pooler does between two of its clients: on each of the connections, or on some.
  await Promise.all(Array.from({ length: 4 }, () => db.execute('deallocate all; select pg_sleep(0.3)')));

  const answers = await allAtOnce(60);
  await close();
  await db.close();
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status !== 202 && status !== 503)).toEqual([]);
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  for (const { headers } of refused) expect(headers.get('retry-after')).toBe('2');
});
