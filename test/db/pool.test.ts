import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Database, openDatabase } from '../../src/db/pool.ts';

let db: Database;
beforeEach(() => {
  db = openDatabase(process.env.TEST_DATABASE_URL ?? '', 1, () => undefined);
});
afterEach(() => db.close());

const one = () => db.tx((tx) => tx.prepared<{ one: number }>('one', 'select 1 as one', []));
const inSession = (sql: string) => db.tx((tx) => tx.query(sql));

test.each([
  ['lost its prepared statements', '26000', () => one().then(() => inSession('deallocate all'))],
  ["has another's statement under our name", '42P05', () => inSession('prepare one as select 2')],
])('a session that %s fails one transaction, and its connection serves no other', async (_what, code, reset) => {
  await reset();
  await expect(one()).rejects.toMatchObject({ code });
  await expect(one()).resolves.toEqual([{ one: 1 }]);
});
