import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { headerOf, keyIdOf, parseKeyRing } from '../src/crypto/key-ring.ts';
import { type Database, openDatabase } from '../src/db/pool.ts';
import { reencrypt } from '../src/operations/reencrypt.ts';
import { secretContext } from '../src/webhooks/signing-secrets.ts';
import { buildServiceOnce } from './support/built-service.ts';
import { createTestDatabase, type TestDatabase } from './support/services.ts';

const aKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const [oldKey, newKey] = [aKey('2025'), aKey('2026')];
const old = parseKeyRing(oldKey);
const rotated = parseKeyRing(`${newKey},${oldKey}`);
const alone = parseKeyRing(newKey);

const organization = randomUUID();
let database: TestDatabase;
let db: Database;
const warnings: unknown[] = [];
const log = { info: () => undefined, warn: (fields: object) => void warnings.push(fields) };
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 4, () => undefined);
  await db.execute('insert into organizations (id) values ($1)', [organization]);
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});
beforeEach(() => void warnings.splice(0));
afterEach(async () => {
  await db.execute('delete from endpoints');
  await db.execute('delete from leads');
});

async function anEndpoint({ next = null as string | null, overlap = '1 hour', ring = old, deleted = false } = {}) {
  const id = randomUUID();
  const seal = (text: string) => ring.seal(Buffer.from(text), secretContext(id));
  await db.execute(
    `insert into endpoints (id, organization_id, url, events, secret, next_secret, overlap_ends_at, deleted_at)
     values ($1, $2, 'https://partner.example', '{lead.enriched}', $3, $4, now() + $5::interval, $6)`,
    [id, organization, seal(`secret of ${id}`), next && seal(next), next && overlap, deleted ? new Date() : null],
  );
  return id;
}

async function aLead(ring = old) {
  const lead = randomUUID();
  const subject = `lead/${organization}/${lead}`;
  await db.execute(
    `insert into leads (subject, organization_id, lead_id, mode, stage, state) values ($1, $2, $3, 'prod', 'complete', $4)`,
    [subject, organization, lead, ring.seal(Buffer.from(`state of ${subject}`), subject)],
  );
  return subject;
}

const secretsOf = async (id: string) => {
  const [row] = await db.query<{ secret: Buffer; next_secret: Buffer | null }>(
    'select secret, next_secret from endpoints where id = $1',
    [id],
  );
  if (row === undefined) throw new Error(`no endpoint ${id}`);
  return row;
};
const stateOf = async (subject: string) =>
  (await db.query<{ state: Buffer }>('select state from leads where subject = $1', [subject]))[0]?.state as Buffer;
const openSecret = (id: string, sealed: Buffer | null) => sealed && alone.open(sealed, secretContext(id)).toString();

test('everything is under the new key afterwards, batch by batch, and a second run finds nothing to do', async () => {
  const endpoints = await Promise.all(Array.from({ length: 7 }, () => anEndpoint()));
  const rotating = await anEndpoint({ next: 'the next one' });
  const deleted = await anEndpoint({ deleted: true });
  const leads = await Promise.all(Array.from({ length: 7 }, () => aLead()));
  await Promise.all([anEndpoint({ ring: rotated }), aLead(rotated)]);
  await db.execute(
    `insert into leads (subject, organization_id, lead_id, mode, stage) values ('running', $1, $2, 'prod', 'new')`,
    [organization, randomUUID()],
  );

  const done = { endpoints: 9, leads: 7, left: { endpoints: 0, leads: 0 } };
  expect(await reencrypt({ db, keyRing: rotated, log, batchSize: 3 })).toEqual(done);
  for (const id of [...endpoints, rotating, deleted]) {
    expect(openSecret(id, (await secretsOf(id)).secret)).toBe(`secret of ${id}`);
  }
  expect(openSecret(rotating, (await secretsOf(rotating)).next_secret)).toBe('the next one');
  for (const subject of leads) {
    expect(alone.open(await stateOf(subject), subject).toString()).toBe(`state of ${subject}`);
  }
  const before = await secretsOf(rotating);
  expect(await reencrypt({ db, keyRing: rotated, log })).toEqual({ ...done, endpoints: 0, leads: 0 });
  expect(await secretsOf(rotating)).toEqual(before);
  expect(warnings).toEqual([]);
});

test('the old secret of an overlap that has ended is dropped rather than sealed again', async () => {
  const id = await anEndpoint({ next: 'the next one', overlap: '-1 second' });
  expect(await reencrypt({ db, keyRing: rotated, log })).toMatchObject({ endpoints: 1 });
  const { secret, next_secret } = await secretsOf(id);
  expect([openSecret(id, secret), next_secret]).toEqual(['the next one', null]);
});

test('a run that broke off is gone on with', async () => {
  await Promise.all(Array.from({ length: 6 }, () => anEndpoint()));
  await Promise.all(Array.from({ length: 6 }, () => aLead()));
  let statements = 0;
  const breaking: Database = {
    ...db,
    execute: (sql, values) => {
      statements += 1;
      if (statements > 4) throw new Error('the process was killed');
      return db.execute(sql, values);
    },
  };
  await expect(reencrypt({ db: breaking, keyRing: rotated, log, batchSize: 2 })).rejects.toThrow('killed');
  expect(await reencrypt({ db, keyRing: rotated, log, batchSize: 2 })).toEqual({
    endpoints: 0,
    leads: 6,
    left: { endpoints: 0, leads: 0 },
  });
});

test('what was rotated or stored anew meanwhile stays as it is', async () => {
  const [id, subject] = [await anEndpoint(), await aLead()];
  const fresh = rotated.seal(Buffer.from('rotated'), secretContext(id));
  const stored = rotated.seal(Buffer.from('stored'), subject);
  const racing: Database = {
    ...db,
    async query<Row extends object>(sql: string, values?: unknown[]) {
      const rows = await db.query<Row & Record<string, unknown>>(sql, values);
      await db.execute('update endpoints set secret = $2 where id = $1', [id, fresh]);
      await db.execute('update leads set state = $2 where subject = $1', [subject, stored]);
      return rows;
    },
  };
  await reencrypt({ db: racing, keyRing: rotated, log });
  expect((await secretsOf(id)).secret).toEqual(fresh);
  expect(await stateOf(subject)).toEqual(stored);
});

test('what cannot be opened is told by id and key id, counted as left, and keeps nothing else', async () => {
  const lost = parseKeyRing(aKey('lost'));
  const [id, subject, other] = [await anEndpoint({ ring: lost }), await aLead(lost), await anEndpoint()];
  expect(await reencrypt({ db, keyRing: rotated, log, batchSize: 1 })).toEqual({
    endpoints: 1,
    leads: 0,
    left: { endpoints: 1, leads: 1 },
  });
  expect(openSecret(other, (await secretsOf(other)).secret)).toBe(`secret of ${other}`);
  expect(warnings).toMatchObject([
    { kind: 'endpoint', id, err: { message: 'sealed under key lost, which is not in the ring' } },
    { kind: 'lead', id: subject },
  ]);
});

test('a value is told by how it begins, also from one whose key id begins the same', async () => {
  const longer = parseKeyRing(`${aKey('2026-b')},${newKey}`);
  expect(keyIdOf(longer.seal(Buffer.from('x'), 'c'))).toBe('2026-b');
  expect(longer.seal(Buffer.from('x'), 'c').subarray(0, headerOf('2026').length)).not.toEqual(headerOf('2026'));
  const id = await anEndpoint({ ring: longer });
  const both = parseKeyRing(`${newKey},${oldKey}`);
  expect((await reencrypt({ db, keyRing: both, log })).left.endpoints).toBe(1);
  expect(keyIdOf((await secretsOf(id)).secret)).toBe('2026-b');
});

test('the command says how many, and fails while something is left', async () => {
  const command = (keys: string) =>
    promisify(execFile)(process.execPath, [buildServiceOnce().role('spark360'), 'reencrypt'], {
      env: {
        ...process.env,
        NODE_ENV: 'production',
        ADMIN_API_KEY: 'operator-key-of-the-tests',
        DATABASE_URL: database.url,
        ENCRYPTION_KEYS: keys,
        LOG_LEVEL: 'warn',
      },
    });
  const id = await anEndpoint();
  await aLead();
  await expect(command(newKey)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /sealed under key 2025, which is not in the ring[\s\S]*Still under another key: 1 endpoints, 1 leads\./,
    ),
  });
  const { stdout, stderr } = await command(`${newKey},${oldKey}`);
  expect(stdout).toBe('key        2026\nendpoints  1\nleads      1\n');
  expect(stderr).toContain('Nothing in the database needs another key.');
  expect(openSecret(id, (await secretsOf(id)).secret)).toBe(`secret of ${id}`);
});
