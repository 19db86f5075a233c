import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { attempts } from '../../src/db/attempts.ts';
import { endpointQueue } from '../../src/db/endpoint-queue.ts';
import { organizations } from '../../src/db/organizations.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { leadSubject } from '../../src/domain/ids.ts';
import { eventually } from '../support/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../support/services.ts';

let database: TestDatabase;
let db: Database;
const organizationId = randomUUID();
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 4, () => undefined);
  await organizations(db).put(organizationId, {});
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

const gone = randomUUID();
/** A delivery whose first attempt a process had under way that is gone. */
const aLostAttempt = () => aDelivery({ status: 'delivering', attempt: 1, owner: gone });
const lease = { owner: randomUUID(), leaseMs: 20_000 };

async function aDelivery({
  status,
  attempt,
  owner = null,
}: {
  status: string;
  attempt: number;
  owner?: string | null;
}) {
  const [deliveryId, endpointId, eventId, leadId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  await db.execute(
    `insert into endpoints (id, organization_id, url, events, secret) values ($1, $2, 'https://crm.example', '{lead.enriched}', '\\x00')`,
    [endpointId, organizationId],
  );
  await db.execute(`insert into event_bodies (event_id, body) values ($1, '{}')`, [eventId]);
  await db.execute(
    `insert into deliveries (id, event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status, attempt,
                             attempt_started_at, attempt_owner)
     values ($1, $2, $3, $4, $5, $6, 'lead.enriched', 1, $7, $8, case when $8 > 0 then now() end, $9)`,
    [
      deliveryId,
      eventId,
      endpointId,
      organizationId,
      leadSubject(organizationId, leadId),
      leadId,
      status,
      attempt,
      owner,
    ],
  );
  return { deliveryId, endpointId, attempt: 1, now: Date.now() };
}

test('an attempt of a process that is gone is made again, by its number', async () => {
  const due = await aLostAttempt();
  expect(await attempts(db).begin(due, lease)).toMatchObject({ kind: 'send', delivery: { attempt: 1 } });
});

test('a process that was taken for dead records its answer while another one asks for its attempt: it is not sent again', async () => {
  const due = await aLostAttempt();
  const begun = await db.tx(async (tx) => {
    await tx.execute(
      `update deliveries set status = 'delivered', delivered_at = now(), settled_at = now() where id = $1`,
      [due.deliveryId],
    );
    const beginning = attempts(db).begin(due, lease);
    await eventually(async () => {
      const waiting = await db.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(waiting).toHaveLength(1);
    });
    return { beginning };
  });
  expect(await begun.beginning).toMatchObject({ kind: 'not_sent', outcome: { kind: 'delivered' } });
});

const states = {
  open: '',
  paused: `update endpoints set status = 'paused', paused_reason = 'manual' where id = $1`,
  deleted: 'update endpoints set deleted_at = now() where id = $1',
  'being resumed': `update endpoints set resume_phase = 'probe' where id = $1`,
  'limited to a rate': 'update endpoints set rate_limit = 5 where id = $1',
  'limited to few attempts at once': 'update endpoints set max_in_flight = 15 where id = $1',
  full: `with event as (insert into event_bodies (event_id, body) values (gen_random_uuid(), '{}') returning event_id)
         insert into deliveries (event_id, endpoint_id, organization_id, subject, event, sequence, status, attempt, attempt_started_at)
         select e.event_id, d.endpoint_id, d.organization_id, 'another', d.event, 1, 'delivering', 1, now()
           from deliveries d cross join event e where d.endpoint_id = $1`,
  'with others in its queue': `insert into endpoint_queue (delivery_id, endpoint_id) select id, endpoint_id from deliveries where endpoint_id = $1`,
};

test.each(Object.entries(states))('an attempt at an endpoint that is %s, without its lock', async (state, sql) => {
  const due = await aDelivery({ status: 'pending', attempt: 0 });
  if (sql !== '') expect(await db.execute(sql, [due.endpointId])).toBe(1);
  const begun = await attempts(db).beginUnlocked(due, 1, lease);
  const [row] = await db.query('select status, attempt, attempt_owner from deliveries where id = $1', [due.deliveryId]);
  if (state === 'open') {
    expect(begun).toMatchObject({ deliveryId: due.deliveryId, attempt: 1, body: '{}' });
    expect(row).toEqual({ status: 'delivering', attempt: 1, attempt_owner: lease.owner });
  } else {
    expect(begun).toBeNull();
    expect(row).toEqual({ status: 'pending', attempt: 0, attempt_owner: null });
  }
});

test.each([
  ['as many as it takes begin beside it', '', 16, 'not_sent'],
  ['one less', '', 15, 'send'],
  ['it takes few, so that none begins beside it', 'update endpoints set max_in_flight = 15 where id = $1', 16, 'send'],
  ['it has a rate limit, so that none does', 'update endpoints set rate_limit = 5 where id = $1', 16, 'send'],
])('behind the lock of an endpoint, where %s', async (_, sql, unseen, kind) => {
  const due = await aDelivery({ status: 'pending', attempt: 0 });
  if (sql !== '') await db.execute(sql, [due.endpointId]);
  expect(await attempts(db).begin(due, lease, unseen)).toMatchObject({ kind });
});

test('a claim leaves slots to what begins beside it', async () => {
  const due = await aDelivery({ status: 'pending', attempt: 0 });
  expect(await attempts(db).begin(due, lease, 16)).toMatchObject({ outcome: { kind: 'queued' } });
  const claim = (unseen: number) => endpointQueue(db).claim(due.endpointId, lease.owner, lease.leaseMs, unseen);
  expect((await claim(16)).deliveries).toEqual([]);
  expect((await claim(15)).deliveries).toMatchObject([{ deliveryId: due.deliveryId }]);
});

test('an attempt that was asked for with another number, or is to be skipped, does not begin without the lock', async () => {
  const due = await aDelivery({ status: 'pending', attempt: 0 });
  expect(await attempts(db).beginUnlocked({ ...due, attempt: 2 }, 1, lease)).toBeNull();
  await db.execute('update deliveries set skip_requested = true where id = $1', [due.deliveryId]);
  expect(await attempts(db).beginUnlocked(due, 1, lease)).toBeNull();
});
