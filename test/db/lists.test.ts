import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { apiKeys, createApiKey } from '../../src/db/api-keys.ts';
import { deliveries } from '../../src/db/deliveries.ts';
import { leads } from '../../src/db/leads.ts';
import { organizations } from '../../src/db/organizations.ts';
import type { Page, PageRequest } from '../../src/db/page.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { leadSubject } from '../../src/domain/ids.ts';
import type { DeliveryStatus } from '../../src/domain/outcome.ts';
import { createTestDatabase, type TestDatabase } from '../support/services.ts';

let database: TestDatabase;
let db: Database;
let organization: string;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 2, () => undefined);
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});
beforeEach(async () => {
  organization = randomUUID();
  await organizations(db).put(organization, {});
});

/** Rows of one statement have one `created_at`: pages must break ties by id. */
const insertDeliveries = async (endpoint: string, lead: string, count: number, status = 'pending') => {
  await db.execute(
    `insert into endpoints (id, organization_id, url, events, secret)
     values ($1, $2, 'https://partner.example', '{lead.enriched}', '') on conflict do nothing`,
    [endpoint, organization],
  );
  await db.execute(
    `insert into deliveries (event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status, reason, delivered_at, settled_at)
     select gen_random_uuid(), $1, $2, $3, $4, 'lead.enriched', n, $6, case when $6 = 'abandoned' then 'rejected' end,
            case when $6 = 'delivered' then now() end, case when $6 in ('delivered', 'abandoned') then now() end
       from generate_series(1, $5) n`,
    [endpoint, organization, leadSubject(organization, lead), lead, count, status],
  );
};

async function allPages<Row extends object>(
  list: (request: PageRequest) => Promise<Page<Row>>,
  limit: number,
): Promise<Row[][]> {
  const pages: Row[][] = [];
  let after: PageRequest['after'] = null;
  do {
    const { rows, next }: Page<Row> = await list({ limit, after });
    pages.push(rows);
    after = next;
  } while (after !== null);
  return pages;
}

test('deliveries made at one moment are paged without a gap or a repeat, newest first', async () => {
  for (let i = 0; i < 3; i += 1) await insertDeliveries(randomUUID(), randomUUID(), 8);
  const pages = await allPages((request) => deliveries(db).list(organization, {}, request), 5);
  expect(pages.map((page) => page.length)).toEqual([5, 5, 5, 5, 4]);
  const rows = pages.flat();
  expect(new Set(rows.map(({ id }) => id)).size).toBe(24);
  const moments = rows.map(({ created_at }) => created_at.getTime());
  expect(moments).toEqual(moments.toSorted((a, b) => b - a));
});

test('a page that is exactly full is the last one when nothing is behind it', async () => {
  await insertDeliveries(randomUUID(), randomUUID(), 5);
  const pages = await allPages((request) => deliveries(db).list(organization, {}, request), 5);
  expect(pages.map((page) => page.length)).toEqual([5]);
});

test('filters and pages go together', async () => {
  const [endpoint, lead] = [randomUUID(), randomUUID()];
  await insertDeliveries(endpoint, lead, 7);
  await db.execute(`update endpoints set status = 'paused', paused_reason = 'manual' where id = $1`, [endpoint]);
  await insertDeliveries(randomUUID(), randomUUID(), 7);
  for (const filter of [{ endpointId: endpoint }, { leadId: lead }, { status: 'held' as const }]) {
    const pages = await allPages((request) => deliveries(db).list(organization, filter, request), 3);
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(new Set(pages.flat().map(({ endpoint_id }) => endpoint_id))).toEqual(new Set([endpoint]));
  }
});

test.each([
  ['it is paused', { status: 'paused', paused_reason: 'manual' }, { held: ['pending', 'retrying', 'held'] }],
  ['one goes first after a resume', { resume_phase: 'probe' }, { held: ['pending', 'retrying', 'held'] }],
  ['it drains', { resume_phase: 'drain' }, { held: ['held'], pending: ['pending'], retrying: ['retrying'] }],
  ['it is open', {}, { pending: ['pending', 'held'], retrying: ['retrying'] }],
  ['it is deleted', { deleted_at: 'now' }, { abandoned: ['pending', 'retrying', 'held', 'abandoned'] }],
] as [string, Record<string, string>, Record<string, string[]>][])(
  'what a delivery reads follows from its endpoint, and lists by status agree: %s',
  async (_name, change, expected) => {
    const endpoint = randomUUID();
    const statuses = ['pending', 'retrying', 'held', 'delivering', 'delivered', 'abandoned'];
    for (const status of statuses) await insertDeliveries(endpoint, randomUUID(), 1, status);
    const columns = Object.keys(change).map((column, index) => `${column} = $${index + 2}`);
    if (columns.length > 0)
      await db.execute(`update endpoints set ${columns.join()} where id = $1`, [endpoint, ...Object.values(change)]);
    const rows = await db.query<{ id: string; status: string }>(
      'select id, status from deliveries where endpoint_id = $1',
      [endpoint],
    );
    const rowStatus = new Map(rows.map(({ id, status }) => [id, status]));
    for (const status of statuses as DeliveryStatus[]) {
      const list = await deliveries(db).list(organization, { status }, { limit: 50, after: null });
      expect(list.rows.map((row) => row.status)).toEqual(list.rows.map(() => status));
      const always = ['delivering', 'delivered', 'abandoned'].includes(status) ? [status] : [];
      const wanted = new Set([...(expected[status] ?? []), ...always]);
      expect(new Set(list.rows.map(({ id }) => rowStatus.get(id)))).toEqual(wanted);
    }
    const all = await deliveries(db).list(organization, {}, { limit: 50, after: null });
    expect(all.rows).toHaveLength(statuses.length);
  },
);

test('a delivery whose body is gone still reads', async () => {
  await insertDeliveries(randomUUID(), randomUUID(), 1);
  const { rows } = await deliveries(db).list(organization, {}, { limit: 1, after: null });
  expect(rows).toMatchObject([{ body: null, attempts: [] }]);
});

test('leads are paged, by stage too', async () => {
  const insert = (stage: string, count: number) =>
    db.execute(
      `insert into leads (subject, organization_id, lead_id, mode, stage)
       select 'lead/' || $1 || '/' || id, $1::uuid, id, 'prod', $2 from (select gen_random_uuid() as id from generate_series(1, $3)) ids`,
      [organization, stage, count],
    );
  await insert('enriched', 5);
  await insert('new', 4);
  const all = await allPages((request) => leads(db).list(organization, undefined, request), 4);
  expect(all.map((page) => page.length)).toEqual([4, 4, 1]);
  expect(all[0]?.map(({ stage }) => stage)).toEqual(Array(4).fill('new'));
  const enriched = await allPages((request) => leads(db).list(organization, 'enriched', request), 4);
  expect(enriched.map((page) => page.length)).toEqual([4, 1]);
  expect(new Set(all.flat().map(({ lead_id }) => lead_id)).size).toBe(9);
});

test("an organization's keys and the backends' are separate lists", async () => {
  for (let i = 0; i < 3; i += 1) await createApiKey(db, organization);
  const ingestId = (await createApiKey(db, null))?.id ?? '';
  const own = await allPages((request) => apiKeys(db).list(organization, request), 2);
  expect(own.map((page) => page.length)).toEqual([2, 1]);
  expect((await apiKeys(db).list(null, { limit: 50, after: null })).rows.map(({ id }) => id)).toEqual([ingestId]);
  expect(await apiKeys(db).delete(organization, ingestId)).toBe(false);
  expect(await apiKeys(db).delete(null, ingestId)).toBe(true);
});

test('a page of very large payloads ends early, and the next one goes on without a gap', async () => {
  await insertDeliveries(randomUUID(), randomUUID(), 40);
  await db.execute(
    `insert into event_bodies (event_id, body) select event_id, jsonb_build_object('notes', repeat('x', 250000))::text
       from deliveries where organization_id = $1`,
    [organization],
  );
  const pages = await allPages((request) => deliveries(db).list(organization, {}, request), 100);
  expect(pages.map((page) => page.length)).toEqual([16, 16, 8]);
  expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(40);
});

test('of a lead with hundreds of deliveries the newest 100 are read, of one that was sent again and again its newest 50 attempts', async () => {
  const lead = randomUUID();
  await insertDeliveries(randomUUID(), lead, 250);
  await db.execute(
    `insert into attempts (id, delivery_id, number, started_at, duration_ms)
     select gen_random_uuid(), id, n, now(), 1 from deliveries, generate_series(1, 60) n where lead_id = $1 and sequence = 250`,
    [lead],
  );
  const { rows, isTruncated } = await deliveries(db).ofSubject(leadSubject(organization, lead));
  expect(isTruncated).toBe(true);
  expect(rows.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 100 }, (_, index) => 151 + index));
  expect(rows.at(-1)?.attempts.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, i) => 11 + i));
});
