import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { retentionActivities } from '../../activities/retention.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { retention } from '../../src/db/retention.ts';
import { createTestDatabase, type TestDatabase } from '../support/services.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 4, () => undefined);
});
afterAll(() => db.close().then(database.drop));
beforeEach(() =>
  db.execute(
    'truncate deliveries, attempts, event_bodies, recovery_jobs, mail_receipts, endpoints, organizations cascade',
  ),
);

const organization = randomUUID();
const days = (count: number): Date => new Date(Date.now() - count * 86_400_000);

async function endpoint({ failing = false } = {}): Promise<string> {
  const id = randomUUID();
  await db.execute('insert into organizations (id) values ($1) on conflict do nothing', [organization]);
  await db.execute(
    `insert into endpoints (id, organization_id, url, events, secret, episode, failing_since)
     values ($1, $2, 'https://partner.example', '{lead.enriched}', '', 3, $3)`,
    [id, organization, failing ? new Date() : null],
  );
  return id;
}

interface Given {
  endpointId: string;
  eventId?: string;
  status?: 'delivered' | 'abandoned' | 'held' | 'retrying';
  /** Of the creation, and of the settlement when there was one. */
  age: number;
  settledAge?: number;
  /** Of the last attempt. */
  attemptAge?: number;
  jobId?: string;
}

let sequence = 0;
/** A delivery with two attempts, and its event's body. */
async function delivery(given: Given): Promise<string> {
  const {
    endpointId,
    eventId = randomUUID(),
    status = 'delivered',
    age,
    settledAge = age,
    attemptAge = settledAge,
  } = given;
  const id = randomUUID();
  const isSettled = status === 'delivered' || status === 'abandoned';
  sequence += 1;
  await db.execute(
    `insert into deliveries (id, event_id, endpoint_id, organization_id, subject, event, sequence, status, reason,
                             created_at, settled_at, delivered_at, recovery_job_id)
     values ($1, $2, $3, $4, 'lead/x/y', 'lead.enriched', $5, $6, $7, $8, $9, $10, $11)`,
    [
      id,
      eventId,
      endpointId,
      organization,
      sequence,
      status,
      status === 'abandoned' ? 'exhausted' : null,
      days(age),
      isSettled ? days(settledAge) : null,
      status === 'delivered' ? days(settledAge) : null,
      given.jobId ?? null,
    ],
  );
  await db.execute(
    `insert into attempts (id, delivery_id, number, started_at, duration_ms)
     values (gen_random_uuid(), $1, 1, $2, 5), (gen_random_uuid(), $1, 2, $3, 5)`,
    [id, days(age), days(attemptAge)],
  );
  await db.execute(`insert into event_bodies (event_id, body) values ($1, '{}') on conflict do nothing`, [eventId]);
  return id;
}

/** One turn of retention after the other, as the workflow makes them, with 90 days. */
async function retain(): Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  const activities = retentionActivities({
    retention: retention(db),
    retentionDays: 90,
    retentionLastRun: { setToCurrentTime: () => undefined },
    countRemoved: (rows) => {
      for (const [kind, count] of Object.entries({ ...rows })) counted[kind] = (counted[kind] ?? 0) + count;
    },
    log: { info: () => undefined },
  });
  const now = Date.now();
  let turn = await activities.removeDeliveries({ now, position: null });
  while (turn.position !== null) turn = await activities.removeDeliveries({ now, position: turn.position });
  while (!(await activities.removeRecords({ now })).isDone);
  return counted;
}

const ids = async (): Promise<string[]> =>
  (await db.query<{ id: string }>('select id from deliveries')).map(({ id }) => id);
const rows = async (table: string): Promise<number> =>
  (await db.query<{ count: number }>(`select count(*)::int as count from ${table}`))[0]?.count ?? 0;

// What is older than RETENTION_DAYS.
test('what is settled goes, with its attempts and its body; what is younger stays', async () => {
  const endpointId = await endpoint();
  await delivery({ endpointId, age: 91 });
  await delivery({ endpointId, age: 400, status: 'abandoned' });
  const young = await delivery({ endpointId, age: 89 });
  expect(await retain()).toMatchObject({ deliveries: 2, attempts: 4, bodies: 2 });
  expect(await ids()).toEqual([young]);
  expect(await rows('attempts')).toBe(2);
  expect(await rows('event_bodies')).toBe(1);
});

test('age counts from the settlement, not from the emission', async () => {
  const id = await delivery({ endpointId: await endpoint(), age: 200, settledAge: 30 });
  await retain();
  expect(await ids()).toEqual([id]);
});

test.each(['held', 'retrying'] as const)(
  'a delivery that is %s stays, with attempts and body, however old',
  async (status) => {
    const id = await delivery({ endpointId: await endpoint(), age: 4_000, status });
    await retain();
    expect(await ids()).toEqual([id]);
    expect(await rows('attempts')).toBe(2);
    expect(await rows('event_bodies')).toBe(1);
  },
);

test('a body stays while a delivery of its event is unsettled at another endpoint, and goes with the last one', async () => {
  const [one, other] = [await endpoint(), await endpoint()];
  const eventId = randomUUID();
  await delivery({ endpointId: one, eventId, age: 100 });
  const held = await delivery({ endpointId: other, eventId, age: 100, status: 'held' });
  await retain();
  expect(await ids()).toEqual([held]);
  expect(await rows('event_bodies')).toBe(1);
  await db.execute(`update deliveries set status = 'abandoned', reason = 'skipped', settled_at = $2 where id = $1`, [
    held,
    days(91),
  ]);
  await retain();
  expect(await rows('event_bodies')).toBe(0);
});

test('a delivery that was sent again since stays, with all its attempts', async () => {
  const id = await delivery({ endpointId: await endpoint(), age: 100, attemptAge: 3 });
  await retain();
  expect(await ids()).toEqual([id]);
  expect(await rows('attempts')).toBe(2);
});

test('what a running recovery took up stays until it is done; finished ones go', async () => {
  const [endpointId, jobId] = [await endpoint(), randomUUID()];
  await db.execute(
    'insert into recovery_jobs (id, organization_id, endpoint_id, since, until) values ($1, $2, $3, now(), now())',
    [jobId, organization, endpointId],
  );
  const id = await delivery({ endpointId, age: 100, jobId });
  await retain();
  expect(await ids()).toEqual([id]);
  await db.execute('update recovery_jobs set finished_at = $2 where id = $1', [jobId, days(91)]);
  expect(await retain()).toMatchObject({ deliveries: 1, jobs: 1 });
  expect(await rows('recovery_jobs')).toBe(0);
});

test('more than a batch at one endpoint, with unsettled ones in between and one moment for all: each goes', async () => {
  const [endpointId, at] = [await endpoint(), days(120)];
  await db.execute(
    `insert into deliveries (event_id, endpoint_id, organization_id, subject, event, sequence, status, created_at, settled_at, delivered_at)
     select gen_random_uuid(), $1, $2, 'lead/a/' || i, 'lead.enriched', 1, case when i % 10 = 0 then 'held' else 'delivered' end,
            $3, case when i % 10 <> 0 then $3::timestamptz end, case when i % 10 <> 0 then $3::timestamptz end
       from generate_series(1, 3500) i`,
    [endpointId, organization, at],
  );
  await db.execute(`insert into event_bodies select event_id, '{}' from deliveries`);
  expect(await retain()).toMatchObject({ deliveries: 3_150, bodies: 3_150 });
  expect(await rows('deliveries')).toBe(350);
  expect(await rows('event_bodies')).toBe(350);
});

test('deliveries of deleted endpoints go as well', async () => {
  const endpointId = await endpoint();
  await delivery({ endpointId, age: 91 });
  await db.execute('update endpoints set deleted_at = now() where id = $1', [endpointId]);
  expect(await retain()).toMatchObject({ deliveries: 1 });
});

test('two retentions at once remove every body', async () => {
  const endpoints = [await endpoint(), await endpoint()];
  for (let index = 0; index < 40; index += 1) {
    const eventId = randomUUID();
    for (const endpointId of endpoints) await delivery({ endpointId, eventId, age: 100 });
  }
  const after = { at: '-infinity', id: '00000000-0000-0000-0000-000000000000' };
  await Promise.all(endpoints.map((endpointId) => retention(db).removeDeliveries(endpointId, days(90), after, 1_000)));
  expect(await rows('deliveries')).toBe(0);
  expect(await rows('event_bodies')).toBe(0);
});

test('receipts of mails go, but for those of a failing episode that goes on', async () => {
  const [failing, well] = [await endpoint({ failing: true }), await endpoint()];
  const receipt = (mailId: string, age: number) =>
    db.execute(`insert into mail_receipts values ($1, 'x', 'accepted', $2)`, [mailId, days(age)]);
  await receipt(`notice/${failing}/3/warning`, 100);
  await receipt(`notice/${failing}/2/warning`, 100);
  await receipt(`notice/${well}/3/paused`, 100);
  await receipt('digest/x/y/1', 100);
  await receipt('digest/x/y/2', 10);
  expect(await retain()).toMatchObject({ receipts: 3 });
  const left = await db.query<{ mail_id: string }>('select mail_id from mail_receipts order by settled_at');
  expect(left.map(({ mail_id }) => mail_id)).toEqual([`notice/${failing}/3/warning`, 'digest/x/y/2']);
});

test('rows of the audit log go', async () => {
  for (const age of [100, 91, 89])
    await db.execute(
      `insert into audit_log (at, role, action, target, status_code) values ($1, 'operator', 'PUT /', '{}', 200)`,
      [days(age)],
    );
  expect(await retain()).toMatchObject({ audit: 2 });
  expect(await rows('audit_log')).toBe(1);
});

test('the index by endpoint is what finds the next batch', async () => {
  const plan = await db.tx(async (tx) => {
    await tx.execute('set local enable_seqscan = off');
    return tx.query<{ 'QUERY PLAN': string }>(
      `explain select id, created_at from deliveries where endpoint_id = $1 and created_at < now()
          and (created_at, id) > ('-infinity'::timestamptz, $1) order by created_at, id limit 1000`.replaceAll(
        '$1',
        `'${randomUUID()}'::uuid`,
      ),
    );
  });
  expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/using deliveries_by_endpoint/);
});
