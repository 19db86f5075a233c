import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { organizations } from '../../src/db/organizations.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { waitingFacts, waitingFactsSql } from '../../src/db/waiting-facts.ts';
import { createTestDatabase, type TestDatabase } from '../support/services.ts';

let database: TestDatabase;
let db: Database;
const organization = randomUUID();
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 2, () => undefined);
  await organizations(db).put(organization, {});
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

const anEndpoint = async (): Promise<string> => {
  const [row] = await db.query<{ id: string }>(
    `insert into endpoints (organization_id, url, events, secret) values ($1, 'https://crm.example', '{lead.enriched}', '\\x00')
     returning id`,
    [organization],
  );
  return row?.id ?? '';
};

/** Deliveries of one lane with these statuses, in order; gives their ids. */
async function aLane(endpoint: string, statuses: string[], workflows: (string | null)[] = []): Promise<string[]> {
  const ids = statuses.map(() => randomUUID());
  await db.execute(
    `insert into deliveries (id, event_id, endpoint_id, organization_id, subject, event, sequence, status, reason,
                             delivered_at, settled_at, workflow_id)
     select id, gen_random_uuid(), $1, $2, $3, 'lead.enriched', n, status,
            case status when 'abandoned' then 'skipped' end,
            case status when 'delivered' then now() end,
            case when status in ('delivered', 'abandoned') then now() end, workflow_id
       from unnest($4::uuid[], $5::text[], $6::text[]) with ordinality as given (id, status, workflow_id, n)`,
    [
      endpoint,
      organization,
      `lead/${organization}/${randomUUID()}`,
      ids,
      statuses,
      statuses.map((_, i) => workflows[i] ?? null),
    ],
  );
  return ids;
}

const earlierOf = async (ids: string[]) => {
  const facts = await waitingFacts(db, ids);
  return ids.map((id) => (facts.has(id) ? ids.indexOf(facts.get(id)?.earlier?.deliveryId ?? '') + 1 : 'nothing'));
};

test.each<[string, string[], (string | null)[], (number | 'nothing')[]]>([
  ['each waits for the one before it', ['retrying', 'pending', 'pending'], [], [0, 1, 2]],
  ['what is settled is waited for by nothing', ['delivered', 'retrying', 'pending'], [], ['nothing', 0, 2]],
  ['what is under way is waited for', ['delivering', 'pending'], [], ['nothing', 1]],
  [
    'one that was skipped is looked past',
    ['retrying', 'abandoned', 'abandoned', 'pending'],
    [],
    [0, 'nothing', 'nothing', 1],
  ],
  ['a recovery is outside the order', ['pending', 'pending', 'pending'], ['recovery/1', null, 'recovery/1'], [0, 0, 1]],
])('%s', async (_what, statuses, runners, expected) => {
  expect(await earlierOf(await aLane(await anEndpoint(), statuses, runners))).toEqual(expected);
});

test('lanes of other endpoints and leads are not waited for', async () => {
  const [one, other] = [await anEndpoint(), await anEndpoint()];
  for (const [id] of [await aLane(one, ['pending']), await aLane(one, ['pending']), await aLane(other, ['pending'])])
    expect((await waitingFacts(db, [id ?? ''])).get(id ?? '')?.earlier).toBeNull();
});

test('the endpoint tells its pause, its resume and its rate limit', async () => {
  const endpoint = await anEndpoint();
  const [id = ''] = await aLane(endpoint, ['held']);
  const read = async () => (await waitingFacts(db, [id])).get(id)?.endpoint;
  expect(await read()).toEqual({
    pausedReason: null,
    resumePhase: null,
    probeDeliveryId: null,
    rateLimitedUntil: null,
  });
  await db.execute(`update endpoints set status = 'paused', paused_reason = 'failing' where id = $1`, [endpoint]);
  expect(await read()).toMatchObject({ pausedReason: 'failing' });
  await db.execute(
    `update endpoints set status = 'active', paused_reason = null, resume_phase = 'probe', probe_delivery_id = $2,
            rate_limit = 1, next_send_at = '2026-01-31T12:00:00Z' where id = $1`,
    [endpoint, id],
  );
  const rateLimitedUntil = Date.parse('2026-01-31T12:00:00Z');
  expect(await read()).toEqual({ pausedReason: null, resumePhase: 'probe', probeDeliveryId: id, rateLimitedUntil });
  await db.execute('update endpoints set rate_limit = null where id = $1', [endpoint]);
  expect(await read()).toMatchObject({ rateLimitedUntil: null });
});

test('a page of a hundred reads some pages of the indexes, however many deliveries a lane or an endpoint has', async () => {
  const endpoint = await anEndpoint();
  const many = (subject: string, status: string, first: number, count: number) =>
    db.execute(
      `insert into deliveries (event_id, endpoint_id, organization_id, subject, event, sequence, status, delivered_at, settled_at)
       select gen_random_uuid(), $1, $2, $3, 'widget.status_changed', n, $4::text,
              case $4::text when 'delivered' then now() end, case $4::text when 'delivered' then now() end
         from generate_series($5::int, $6::int) n`,
      [endpoint, organization, subject, status, first, first + count - 1],
    );
  const widget = `widget/${randomUUID()}`;
  await many(widget, 'delivered', 1, 20_000);
  await many(widget, 'pending', 20_001, 100);
  for (let lead = 0; lead < 20; lead += 1) await many(`lead/${organization}/${randomUUID()}`, 'held', 1, 1_000);
  await db.execute('analyze deliveries');
  const page = await db.query<{ id: string }>(
    `(select id from deliveries where subject = $1 order by sequence desc limit 100)
     union all (select id from deliveries where endpoint_id = $2 and status = 'held' limit 100)`,
    [widget, endpoint],
  );
  const [answer] = await db.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
    `explain (analyze, buffers, format json) ${waitingFactsSql}`,
    [page.map(({ id }) => id)],
  );
  const plan = answer?.['QUERY PLAN'][0].Plan ?? {};
  expect(plan['Actual Rows']).toBe(200);
  expect(JSON.stringify(plan)).not.toMatch(/"Seq Scan"[^{}]*"Relation Name":"deliveries"/);
  expect((plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0)).toBeLessThan(5_000);
});
