import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openDatabase } from '../../src/db/pool.ts';
import { checkSchema } from '../../src/db/migrate.ts';
import { createEmptyDatabase, temporalAddress, type TestDatabase } from '../support/services.ts';
import { Person } from './spark360.ts';

let database: TestDatabase;
let person: Person;
beforeAll(async () => {
  database = await createEmptyDatabase();
  person = new Person({
    NODE_ENV: 'production',
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporalAddress(),
    ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
    ADMIN_API_KEY: 'operator-key-of-the-tests',
    PORT: '0',
  });
});
afterAll(async () => {
  person?.forget();
  await database?.drop();
});

test('migrate brings the schema up; then a role runs until SIGTERM, which is exit code 0', async () => {
  const early = await person.run(['relay']);
  expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining('older than this build needs') });
  expect((await person.run(['migrate'])).code).toBe(0);
  const db = openDatabase(database.url, 1, () => undefined);
  await checkSchema(db);
  await db.close();
  const relay = person.start(['relay']);
  await relay.says('"msg":"started"');
  relay.child.kill('SIGTERM');
  expect((await relay.ended).code).toBe(0);
});

test('a wrong configuration is told in words, exit code 1', async () => {
  const { code, stderr } = await person.run(['worker'], { environment: { PORT: 'eighty' } });
  expect(code).toBe(1);
  expect(stderr).toContain('PORT: expected a whole number');
});
