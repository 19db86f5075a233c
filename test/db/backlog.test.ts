import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { backlog } from '../../src/db/backlog.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/services.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 2, () => undefined);
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

test('nothing waits in an empty database', async () => {
  expect(await backlog(db)).toEqual({
    unsettled: {},
    overdueRetries: 0,
    readyDeliveries: 0,
    saturatedEndpoints: 0,
    pausedEndpoints: {},
  });
});

test('deliveries by status with the age of the oldest, overdue retries, full and paused endpoints', async () => {
  const full = await anEndpoint({ maxInFlight: 2 });
  const free = await anEndpoint({ maxInFlight: 3 });
  const paused = await anEndpoint({ pausedReason: 'gone' });
  await anEndpoint({ pausedReason: 'manual' });
  await anEndpoint({ pausedReason: 'manual' });
  await insert(full, 'delivering', 2);
  await insert(free, 'delivering', 2);
  await insert(paused, 'pending', 3, { ageSeconds: 500 });
  await insert(free, 'retrying', 1, { ageSeconds: 90, dueInSeconds: -61 });
  await insert(free, 'retrying', 2, { dueInSeconds: -30 });
  await insert(free, 'delivered', 5, { ageSeconds: 9_000 });

  const { unsettled, ...rest } = await backlog(db);
  expect(rest).toEqual({
    overdueRetries: 1,
    readyDeliveries: 4,
    saturatedEndpoints: 1,
    pausedEndpoints: { gone: 1, manual: 2 },
  });
  expect(Object.entries(unsettled).map(([status, { count }]) => [status, count])).toEqual(
    expect.arrayContaining([
      ['delivering', 4],
      ['held', 3],
      ['retrying', 3],
    ]),
  );
  expect(Object.keys(unsettled)).toHaveLength(3);
  expect(Math.floor((unsettled.held?.oldestSeconds ?? 0) / 100)).toBe(5);
  expect(Math.floor((unsettled.retrying?.oldestSeconds ?? 0) / 90)).toBe(1);
});

test('a delivery is ready that waits for the service alone: not behind a retry of its lane, not at a paused endpoint', async () => {
  const before = (await backlog(db)).readyDeliveries;
  const endpoint = await anEndpoint({});
  const behindRetry = randomUUID();
  await insert(endpoint, 'retrying', 1, { subject: behindRetry, dueInSeconds: 3_600 });
  await insert(endpoint, 'pending', 3, { subject: behindRetry, after: 1 });
  await insert(await anEndpoint({ pausedReason: 'failing' }), 'pending', 1);
  expect((await backlog(db)).readyDeliveries).toBe(before);
  const underWay = randomUUID();
  await insert(endpoint, 'delivering', 1, { subject: underWay });
  await insert(endpoint, 'pending', 3, { subject: underWay, after: 1 });
  await insert(endpoint, 'pending', 2);
  expect((await backlog(db)).readyDeliveries).toBe(before + 6);
});

test('the runbook finds overdue retries, and none that a pause holds', async () => {
  const section = readFileSync('docs/operations.md', 'utf8').split('### Spark360RetriesOverdue')[1] ?? '';
  const statement = section.split('```')[1] ?? '';
  const active = await anEndpoint({});
  await insert(active, 'retrying', 1, { dueInSeconds: -600 });
  await insert(await anEndpoint({ pausedReason: 'failing' }), 'retrying', 1, { dueInSeconds: -900 });
  const found = await db.query<{ endpoint_id: string }>(statement);
  expect(found.length).toBe((await backlog(db)).overdueRetries);
  expect(found[0]?.endpoint_id).toBe(active);
});

async function anEndpoint({ maxInFlight = 16, pausedReason = null as string | null }): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    `with organization as (insert into organizations (id) values ($1) returning id)
     insert into endpoints (organization_id, url, events, mode, secret, max_in_flight, status, paused_reason)
     select id, 'https://example.com', '{lead.enriched}', 'prod', '', $2, $3, $4 from organization returning id`,
    [randomUUID(), maxInFlight, pausedReason === null ? 'active' : 'paused', pausedReason],
  );
  return row?.id ?? '';
}

const insert = (
  endpoint: string,
  status: string,
  count: number,
  { ageSeconds = 1, dueInSeconds = null as number | null, subject = randomUUID() as string, after = 0 } = {},
) =>
  db.execute(
    `insert into deliveries (event_id, endpoint_id, organization_id, subject, event, sequence, status, created_at, next_attempt_at,
                             delivered_at, settled_at)
     select gen_random_uuid(), $1, gen_random_uuid(), $2, 'lead.enriched', $7 + n, $3, now() - make_interval(secs => $5),
            now() + make_interval(secs => $6::float8), case $3 when 'delivered' then now() end, case $3 when 'delivered' then now() end
       from generate_series(1, $4) n`,
    [endpoint, subject, status, count, ageSeconds, dueInSeconds, after],
  );
