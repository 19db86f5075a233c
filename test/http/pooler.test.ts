import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkDatabases } from '../../src/bin/check-databases.ts';
import { openDatabase } from '../../src/db/pool.ts';
import { startApi } from '../../src/http/server.ts';
import { aLead } from '../support/lead-events.ts';
import { startTransactionPooler } from '../support/transaction-pooler.ts';
import { call, operatorKey } from './call.ts';
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
  const pooler = await startTransactionPooler(direct);
  const db = openDatabase(pooler.url, 8, () => undefined);
  const { url, close } = await startApi({ ...api.deps, db });
  const answers = await Promise.all(
    Array.from({ length: 60 }, () =>
      call(`${url}/v1/events`, 'POST', { key: operatorKey, body: aLead(randomUUID()).created() }),
    ),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status !== 202 && status !== 503)).toEqual([]);
  expect(statuses).toContain(503);
  for (const { status, headers } of answers) if (status === 503) expect(headers.get('retry-after')).toBe('2');
  await close();
  await db.close();
  pooler.close();
});
