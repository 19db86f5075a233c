import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { outbox } from '../../src/db/outbox.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { leadSubject, widgetSubject } from '../../src/domain/ids.ts';
import { aLead } from '../support/lead-events.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/services.ts';

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const sql = file('sql/outbox.sql');

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createEmptyDatabase();
  db = openDatabase(database.url, 4, () => undefined);
  await db.execute(sql);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const publish = async (event: string | null): Promise<string> => {
  const [row] = await db.query<{ id: string }>('select spark360.publish($1::jsonb) as id', [event]);
  return row?.id ?? '';
};
const subjectOf = async (id: string): Promise<string> => {
  const [row] = await db.query<{ subject: string }>('select subject from spark360.outbox where id = $1', [id]);
  return row?.subject ?? '';
};

test('the file can be applied again', async () => {
  const id = await publish('{}');
  await db.execute(sql);
  expect(await subjectOf(id)).toBe(`malformed/${id}`);
});

test('rows of a lead and of a widget carry the names of their workflows, lower case', async () => {
  const organization = randomUUID();
  const lead = aLead(organization.toUpperCase());
  const widget = randomUUID();
  expect(await subjectOf(await publish(JSON.stringify(lead.created())))).toBe(leadSubject(organization, lead.leadId));
  const event = { event: 'widget.updated', data: { object: { referenceId: widget.toUpperCase() } } };
  expect(await subjectOf(await publish(JSON.stringify(event)))).toBe(widgetSubject(widget));
});

test.each([
  ['nothing', null],
  ['null', 'null'],
  ['a number', '42'],
  ['a text', '"lead.created"'],
  ['an array', '[{"event": "lead.created"}]'],
  ['an empty object', '{}'],
  ['an object without ids', '{"event": "lead.created", "data": {"object": {}}}'],
  ['data that is no object', '{"event": "lead.created", "data": 7}'],
  ['ids that are no uuids', '{"event": "lead.created", "data": {"object": {"referenceId": 1, "leadId": {"a": 1}}}}'],
  ['an event name that is no text', '{"event": {"a": []}, "data": {"object": {"referenceId": "x"}}}'],
  [
    'an id of three megabytes',
    JSON.stringify({ event: 'lead.created', data: { object: { leadId: 'a'.repeat(3_000_000) } } }),
  ],
  ['a number of 100,000 digits', '{"event": 1e100000}'],
  ['nesting 2,000 deep', `${'['.repeat(2_000)}${']'.repeat(2_000)}`],
])('%s is stored, and belongs to nobody', async (_what, event) => {
  const id = await publish(event);
  expect(await subjectOf(id)).toBe(`malformed/${id}`);
});

test('a role that may only call the function publishes, and can read nothing', async () => {
  const role = `backend_${randomUUID().replaceAll('-', '')}`;
  await db.execute(`create role ${role}`);
  await db.execute(`grant usage on schema spark360 to ${role}`);
  const id = await db.tx(async (tx) => {
    await tx.execute(`set local role ${role}`);
    const [row] = await tx.query<{ id: string }>(`select spark360.publish('{"a": 1}') as id`);
    return row?.id ?? '';
  });
  expect(await subjectOf(id)).toBe(`malformed/${id}`);
  const reading = db.tx(async (tx) => {
    await tx.execute(`set local role ${role}`);
    await tx.query('select * from spark360.outbox');
  });
  await expect(reading).rejects.toThrow('permission denied');
  await db.execute(`revoke usage on schema spark360 from ${role}`);
  await db.execute(`drop role ${role}`);
});

test('a dead letter is replayed once, as it is or fixed, and its row of origin stays', async () => {
  const rowId = await publish('{"wrong": true}');
  await outbox(db).finish([
    {
      kind: 'dead_letter',
      rowId,
      reason: 'malformed',
      issues: [{ path: 'data.object.leadId', message: 'expected uuid' }],
    },
  ]);
  const [letter] = await db.query<{ id: string; issues: unknown; reason: string }>(
    'select id, issues, reason from spark360.outbox_dead_letters where outbox_id = $1',
    [rowId],
  );
  expect(letter).toMatchObject({
    reason: 'malformed',
    issues: [{ path: 'data.object.leadId', message: 'expected uuid' }],
  });
  const replayed = await replay(letter?.id ?? '', { right: true });
  expect(await replay(letter?.id ?? '', { right: true })).toBe(replayed);
  const rows = await db.query('select event, outcome from spark360.outbox where id = any ($1) order by id', [
    [rowId, replayed],
  ]);
  expect(rows).toEqual([
    { event: { wrong: true }, outcome: 'dead_letter' },
    { event: { right: true }, outcome: null },
  ]);
  await expect(db.query('select spark360.replay(987654321)')).rejects.toThrow('there is no dead letter 987654321');
});

test('a row that holds back its lead is seen with what waits behind it, and can be set aside', async () => {
  const lead = aLead(randomUUID());
  const stuck = await publish(JSON.stringify(lead.created()));
  await publish(JSON.stringify(lead.details()));
  await outbox(db).finish([{ kind: 'failed', rowId: stuck, error: 'ServiceError', retryInMs: 60_000 }]);
  const [seen] = await db.query('select * from spark360.outbox_stuck where id = $1', [stuck]);
  expect(seen).toMatchObject({ attempts: 1, last_error: 'ServiceError', waiting_behind: '1' });
  await db.query('select spark360.set_aside($1)', [stuck]);
  const letters = await db.query('select reason, event from spark360.outbox_dead_letters where outbox_id = $1', [
    stuck,
  ]);
  expect(letters).toMatchObject([{ reason: 'set_aside', event: { event: 'lead.created' } }]);
  expect(await db.query('select * from spark360.outbox_stuck where id = $1', [stuck])).toEqual([]);
});

test('erasing a lead leaves nothing of it, wherever a malformed event named it', async () => {
  const lead = aLead(randomUUID());
  const subject = leadSubject(lead.organizationId, lead.leadId);
  await publish(JSON.stringify(lead.created()));
  const misplaced = await publish(JSON.stringify({ lead: { id: lead.leadId.toUpperCase() } }));
  const dead = await publish(JSON.stringify({ ...lead.personal(), data: { object: { lead: lead.leadId } } }));
  await outbox(db).finish([{ kind: 'dead_letter', rowId: dead, reason: 'malformed', issues: [] }]);
  expect(await outbox(db).eraseLead(subject, lead.leadId)).toBe(4);
  const [left] = await db.query(
    `select (select count(*) from spark360.outbox where event::text ilike $1 or id = $2) +
            (select count(*) from spark360.outbox_dead_letters where event::text ilike $1) as count`,
    [`%${lead.leadId}%`, misplaced],
  );
  expect(left).toEqual({ count: '0' });
});

/** Makes a row of `event` a dead letter; gives both ids. */
async function deadLetter(event: unknown): Promise<{ rowId: string; letterId: string }> {
  const rowId = await publish(JSON.stringify(event));
  await outbox(db).finish([{ kind: 'dead_letter', rowId, reason: 'malformed', issues: [] }]);
  const [row] = await db.query<{ id: string }>('select id from spark360.outbox_dead_letters where outbox_id = $1', [
    rowId,
  ]);
  return { rowId, letterId: row?.id ?? '' };
}
const replay = async (letterId: string, fixed: unknown): Promise<string> => {
  const [row] = await db.query<{ id: string }>('select spark360.replay($1, $2::jsonb) as id', [
    letterId,
    JSON.stringify(fixed),
  ]);
  return row?.id ?? '';
};
const letter = async (letterId: string) =>
  (await db.query('select event, replayed_as from spark360.outbox_dead_letters where id = $1', [letterId]))[0];

test('a dead letter whose replay was accepted keeps no payload; one whose fix was none keeps it', async () => {
  const [mended, unmended, open] = [
    await deadLetter({ a: 'Ada' }),
    await deadLetter({ b: 'Ada' }),
    await deadLetter(7),
  ];
  const accepted = await replay(mended.letterId, { a: 'fixed' });
  const again = await replay(unmended.letterId, {});
  await outbox(db).forgetReplayed();
  expect(await letter(mended.letterId)).toMatchObject({ event: { a: 'Ada' } });

  await outbox(db).finish([
    { kind: 'signalled', rowId: accepted },
    { kind: 'dead_letter', rowId: again, reason: 'malformed', issues: [] },
  ]);
  expect(await outbox(db).forgetReplayed()).toBe(1);
  expect(await letter(mended.letterId)).toEqual({ event: null, replayed_as: accepted });
  expect(await letter(unmended.letterId)).toMatchObject({ event: { b: 'Ada' } });
  expect(await letter(open.letterId)).toMatchObject({ event: 7 });
  expect(await outbox(db).forgetReplayed()).toBe(0);
  expect(await replay(mended.letterId, { a: 'again' })).toBe(accepted);
});

test('replayed dead letters are removed like rows that are done, the others when they are old', async () => {
  const [replayed, old, young] = [await deadLetter(1), await deadLetter(2), await deadLetter(3)];
  await replay(replayed.letterId, 4);
  await db.execute(
    `update spark360.outbox_dead_letters set created_at = now() - interval '91 days' where id = any ($1)`,
    [[replayed.letterId, old.letterId]],
  );
  const before = await outbox(db).counts();
  expect(await outbox(db).removeAbandoned(90 * 86_400_000, 10)).toBe(1);
  expect(await outbox(db).counts()).toEqual({
    ...before,
    deadLetters: before.deadLetters - 1,
    oldestPendingSeconds: expect.any(Number),
  });
  expect(await letter(old.letterId)).toBeUndefined();
  expect(await letter(replayed.letterId)).toMatchObject({ event: 1 });
  expect(await letter(young.letterId)).toMatchObject({ event: 3 });
  await db.execute(`update spark360.outbox_dead_letters set replayed_at = now() - interval '2 hours' where id = $1`, [
    replayed.letterId,
  ]);
  await outbox(db).removeDone(3_600_000, 10);
  expect(await letter(replayed.letterId)).toBeUndefined();
  expect(await letter(young.letterId)).toMatchObject({ event: 3 });
});

test('erasing a lead finds what did not name it before it was fixed, however often', async () => {
  const lead = aLead(randomUUID());
  const other = await deadLetter({ another: 'lead' });
  const first = await deadLetter({ who: 'Ada' });
  const second = await replay(first.letterId, { who: 'Ada', still: 'wrong' });
  await outbox(db).finish([{ kind: 'dead_letter', rowId: second, reason: 'malformed', issues: [] }]);
  const [{ id: secondLetter } = { id: '' }] = await db.query<{ id: string }>(
    'select id from spark360.outbox_dead_letters where outbox_id = $1',
    [second],
  );
  const fixed = await replay(secondLetter, lead.created());
  await outbox(db).finish([{ kind: 'signalled', rowId: fixed }]);
  expect(await outbox(db).eraseLead(leadSubject(lead.organizationId, lead.leadId), lead.leadId)).toBe(5);
  expect(await db.query('select 1 from spark360.outbox where id = any ($1)', [[first.rowId, second, fixed]])).toEqual(
    [],
  );
  expect(await letter(first.letterId)).toBeUndefined();
  expect(await letter(secondLetter)).toBeUndefined();
  expect(await letter(other.letterId)).toMatchObject({ event: { another: 'lead' } });
});

test('what was done long ago is removed, what is pending or a dead letter stays', async () => {
  const done = await publish('{"done": true}');
  const pending = await publish('{"pending": true}');
  await outbox(db).finish([{ kind: 'duplicate', rowId: done }]);
  await outbox(db).removeDone(60_000, 100);
  expect(await subjectOf(done)).not.toBe('');
  while ((await outbox(db).removeDone(-1_000, 2)) > 0);
  expect(await subjectOf(done)).toBe('');
  expect(await subjectOf(pending)).not.toBe('');
});
