import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type DeliveryFilter, deliveries } from '../../src/db/deliveries.ts';
import { type Database, openDatabase, type Queryable } from '../../src/db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/services.ts';

const [organization, failing, healthy] = [randomUUID(), randomUUID(), randomUUID()];
/** The newest moment but one: a later page starts there. */
const after = { at: '2030-01-01T00:00:00.000000Z', id: '00000000-0000-4000-8000-000000000000' };

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 1, () => undefined, { statementTimeoutMs: 120_000 });
  await fill();
}, 120_000);
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

/** CI has fewer: what a list reads does not grow with what there is. */
const rows = Number(process.env.PLAN_ROWS ?? 100_000);

/**
 * So many deliveries of one organization: half of them delivered
 * at one endpoint, half abandoned at the other; none of a widget.
 */
async function fill(): Promise<void> {
  const indexes = await db.query<{ name: string; definition: string }>(
    `select i.indexname as name, i.indexdef as definition from pg_indexes i
      where i.tablename = 'deliveries' and not exists (select from pg_constraint c where c.conname = i.indexname)`,
  );
  for (const { name } of indexes) await db.execute(`drop index ${name}`);
  await db.execute(
    `insert into deliveries (event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status, reason, created_at, delivered_at, settled_at)
     select gen_random_uuid(), case n % 2 when 0 then $2 else $3 end::uuid, $1, 'lead/' || n / 4, gen_random_uuid(),
            (array['lead.address_preview', 'lead.enriched', 'lead.contact_requested'])[1 + n % 3], 1 + n,
            case n % 2 when 0 then 'abandoned' else 'delivered' end, case n % 2 when 0 then 'exhausted' end,
            '2026-01-01'::timestamptz + n * interval '1 second', case n % 2 when 1 then now() end, now()
       from generate_series(1, $4::int) n`,
    [organization, failing, healthy, rows],
  );
  for (const { definition } of indexes) await db.execute(definition);
  await db.execute('vacuum analyze deliveries');
}

interface Plan {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Plan[];
}

/** Rows that the statement read, whether they were asked for or not. */
const rowsRead = ({ Plans = [], ...node }: Plan): number =>
  (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
    node['Actual Loops'] +
  Plans.map(rowsRead).reduce((sum, rows) => sum + rows, 0);

/** What the list really asks, explained. */
async function planOf(filter: DeliveryFilter, from: typeof after | null): Promise<Plan> {
  let plan: Plan | undefined;
  const explaining: Queryable = {
    ...db,
    async query<Row>(sql: string, values?: unknown[]): Promise<Row[]> {
      const [row] = await db.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (analyze, format json) ${sql}`, values);
      plan ??= row?.['QUERY PLAN'][0].Plan;
      return [];
    },
  };
  await deliveries(explaining).list(organization, filter, { limit: 50, after: from });
  if (plan === undefined) throw new Error('nothing was asked');
  return plan;
}

test.each<[string, DeliveryFilter]>([
  ['all of them', {}],
  ['an event that the organization never gets', { event: 'widget.status_changed' }],
  ['an event that it gets', { event: 'lead.enriched' }],
  ['an event in a time without any', { event: 'lead.enriched', until: '2020-01-01T00:00:00Z' }],
  ['the delivered ones of an endpoint that only fails', { status: 'delivered', endpointId: failing }],
  ['the delivered ones of an endpoint that works', { status: 'delivered', endpointId: healthy }],
  ['the abandoned ones of an endpoint that works', { status: 'abandoned', endpointId: healthy }],
  ['the held ones', { status: 'held' }],
  ['the abandoned ones', { status: 'abandoned' }],
  ['those of an endpoint', { endpointId: failing }],
  ['those of an unknown lead', { leadId: randomUUID() }],
])('of very many deliveries, %s are found by reading few rows', async (_what, filter) => {
  for (const from of [null, after]) expect(rowsRead(await planOf(filter, from))).toBeLessThan(400);
});
