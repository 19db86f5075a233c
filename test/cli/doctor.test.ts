import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { quietPort } from '../support/quiet-port.ts';
import { createTestDatabase, temporalAddress, type TestDatabase } from '../support/services.ts';
import { Person } from './spark360.ts';

const testKeys = `test:${randomBytes(32).toString('base64')}`;
let database: TestDatabase;
let person: Person;
beforeAll(async () => {
  database = await createTestDatabase();
  person = new Person({
    NODE_ENV: 'production',
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporalAddress(),
    ENCRYPTION_KEYS: testKeys,
    ADMIN_API_KEY: 'operator-key-of-the-tests',
  });
});
afterAll(async () => {
  person?.forget();
  await database?.drop();
});

test('doctor looks with the environment of the service, and is exit code 1 when something is wrong', async () => {
  const address = `127.0.0.1:${await quietPort()}`;
  const { code, json, stderr } = await person.run(['doctor', '--json'], { environment: { TEMPORAL_ADDRESS: address } });
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  const of = (check: string) => json.findings.find((finding: { check: string }) => finding.check === check);
  expect(json.ok).toBe(false);
  expect(of('schema')).toMatchObject({ status: 'ok' });
  expect(of('temporal')).toMatchObject({ status: 'failed', remedy: expect.stringContaining('TEMPORAL_ADDRESS') });
});

test('in words, each with what to do', async () => {
  const { stdout } = await person.run(['doctor']);
  expect(stdout).toMatch(/^ok +postgres +Postgres \d+/m);
  expect(stdout).toMatch(/^warning +mail .*\n +do: Set SMTP_URL/m);
  expect(stdout).not.toContain(testKeys.slice(5));
});

test.each([
  ['a wrong configuration', { PORT: 'eighty' }, 'PORT: expected a whole number'],
  ['no address', { DATABASE_URL: '', DATA_DIR: '/nonexistent' }, 'Not set: DATABASE_URL.'],
])('%s is told as what it is', async (_, environment, detail) => {
  const { code, json } = await person.run(['doctor', '--json'], { environment });
  expect(code).toBe(1);
  expect(json.findings).toMatchObject([{ check: 'configuration', detail: expect.stringContaining(detail) }]);
});
