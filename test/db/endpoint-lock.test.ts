import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aheadOfAttempts, behindLock } from '../../src/db/endpoint-lock.ts';
import { endpointStatus } from '../../src/db/endpoint-status.ts';
import { organizations } from '../../src/db/organizations.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { eventually } from '../support/eventually.ts';
import { held } from '../support/held.ts';
import { createTestDatabase, type TestDatabase } from '../support/services.ts';

let database: TestDatabase;
let db: Database;
let others: Database;
const organizationId = randomUUID();
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 4, () => undefined);
  others = openDatabase(database.url, 1, () => undefined);
  await organizations(db).put(organizationId, {});
});
afterAll(async () => {
  await db?.close();
  await others?.close();
  await database?.drop();
});

async function anEndpoint(): Promise<string> {
  const id = randomUUID();
  await db.execute(
    `insert into endpoints (id, organization_id, url, events, secret) values ($1, $2, 'https://crm.example', '{lead.enriched}', '\\x00')`,
    [id, organizationId],
  );
  return id;
}

test('who acts by hand waits for the transaction that has the lock, not for those that stand in line in this process', async () => {
  const id = await anEndpoint();
  const order: string[] = [];
  const [begin, end] = [held(), held()];
  const first = behindLock(db, id, async () => {
    begin.release();
    await end.released;
  });
  await begin.released;
  const attempts = Array.from({ length: 20 }, (_, index) =>
    behindLock(db, id, async () => void order.push(`attempt ${index}`)),
  );
  const byHand = aheadOfAttempts(db, id, async () => void order.push('by hand'));
  await eventually(async () => {
    const waiting = await others.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(waiting).toHaveLength(1);
  });
  end.release();
  await Promise.all([first, ...attempts, byHand]);
  expect(order[0]).toBe('by hand');
  expect(order).toHaveLength(21);
});

test.each(['pause', 'remove'] as const)('%s writes no delivery, however many wait', async (verb) => {
  const id = await anEndpoint();
  await others.tx(async (tx) => {
    await tx.execute('lock table deliveries in exclusive mode');
    await endpointStatus(db)[verb](id);
  });
  const [row] = await db.query<{ status: string; is_deleted: boolean }>(
    'select status, deleted_at is not null as is_deleted from endpoints where id = $1',
    [id],
  );
  expect(row).toEqual(
    verb === 'pause' ? { status: 'paused', is_deleted: false } : { status: 'active', is_deleted: true },
  );
});
