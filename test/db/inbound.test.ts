import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AcceptedInbound, inbound } from '../../src/db/inbound.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/services.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 4, () => undefined);
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

const anEvent = (overrides: Partial<AcceptedInbound> = {}): AcceptedInbound => ({
  id: randomUUID(),
  fingerprint: 'ab'.repeat(32),
  subject: `lead/${randomUUID()}/${randomUUID()}`,
  name: 'address',
  event: 'lead.created',
  leadStatus: 'address_info_provided',
  occurredAt: Date.UTC(2026, 0, 31, 12, 0, 0, 123),
  ...overrides,
});

test('what was accepted is known, with its fingerprint and subject; the rest is not', async () => {
  const [first, second] = [anEvent(), anEvent({ leadStatus: null })];
  await inbound(db).accept([first, second]);
  const known = await inbound(db).known([first.id, second.id, randomUUID()]);
  expect([...known.keys()].sort()).toEqual([first.id, second.id].sort());
  const { id, fingerprint, subject } = first;
  expect(known.get(id)).toEqual({ id, fingerprint, subject, outcome: 'accepted', isOverdue: false });
  const [row] = await db.query('select outcome, occurred_at, lead_status from inbound_events where id = $1', [
    second.id,
  ]);
  expect(row).toEqual({ outcome: 'accepted', occurred_at: new Date(second.occurredAt), lead_status: null });
});

test('a row that the applying step wrote first stays as it is', async () => {
  const event = anEvent();
  await inbound(db).accept([event]);
  await db.execute("update inbound_events set outcome = 'superseded' where id = $1", [event.id]);
  await Promise.all([inbound(db).accept([event]), inbound(db).accept([event, anEvent()])]);
  expect(await db.query('select outcome from inbound_events where id = $1', [event.id])).toEqual([
    { outcome: 'superseded' },
  ]);
});

test('a conflict is recorded once per content', async () => {
  const { id, subject } = anEvent();
  const conflict = { id, subject, fingerprint: 'cd'.repeat(32) };
  for (let i = 0; i < 2; i += 1)
    await inbound(db).recordConflicts([conflict, { ...conflict, fingerprint: 'ef'.repeat(32) }]);
  expect(await db.query('select 1 from inbound_conflicts where id = $1', [id])).toHaveLength(2);
});
