import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { attempts } from '../../src/db/attempts.ts';
import { endpointDeletion } from '../../src/db/endpoint-deletion.ts';
import { endpointStatus } from '../../src/db/endpoint-status.ts';
import { erasure } from '../../src/db/erasure.ts';
import { manualDelivery } from '../../src/db/manual-delivery.ts';
import { organizations } from '../../src/db/organizations.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { leadSubject } from '../../src/domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/services.ts';

let database: TestDatabase;
let db: Database;
const organizationId = randomUUID();
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 2, () => undefined);
  await organizations(db).put(organizationId, {});
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

interface Given {
  deliveryId: string;
  endpointId: string;
  leadId: string;
}

/** A delivery of an endpoint's own whose second attempt is due and queued. */
async function aQueuedRetry(): Promise<Given> {
  const [deliveryId, endpointId, leadId] = [randomUUID(), randomUUID(), randomUUID()];
  await db.execute(
    `insert into endpoints (id, organization_id, url, events, secret) values ($1, $2, 'https://crm.example', '{lead.enriched}', '\\x00')`,
    [endpointId, organizationId],
  );
  await db.execute(
    `insert into deliveries (id, event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status, attempt, next_attempt_at)
     values ($1, gen_random_uuid(), $2, $3, $4, $5, 'lead.enriched', 1, 'retrying', 1, now())`,
    [deliveryId, endpointId, organizationId, leadSubject(organizationId, leadId), leadId],
  );
  await db.execute('insert into endpoint_queue (delivery_id, endpoint_id) values ($1, $2)', [deliveryId, endpointId]);
  return { deliveryId, endpointId, leadId };
}

const stateOf = async ({ deliveryId }: Given) => {
  const [row] = await db.query(
    `select status, reason, next_attempt_at, delivered_at, settled_at is not null as is_settled,
            exists (select from endpoint_queue where delivery_id = deliveries.id) as is_queued
       from deliveries where id = $1`,
    [deliveryId],
  );
  return row;
};

const waysOut: [string, string, (given: Given) => Promise<unknown>][] = [
  ['a skip', 'skipped', ({ deliveryId }) => manualDelivery(db).skip(deliveryId)],
  ['an erasure', 'lead_erased', ({ leadId }) => erasure(db).erase({ organizationId, leadId })],
  [
    'the walk over a deleted endpoint',
    'endpoint_deleted',
    async ({ endpointId }) => {
      await endpointStatus(db).remove(endpointId);
      expect(await endpointDeletion(db).abandonNext(endpointId, 10)).toBe(1);
    },
  ],
  [
    'a failure at an endpoint that was deleted since',
    'endpoint_deleted',
    async ({ endpointId, deliveryId }) => {
      await endpointStatus(db).remove(endpointId);
      const outcome = { kind: 'retry', delayMs: 1_000 } as const;
      expect(await endpointStatus(db).afterFailure(endpointId, deliveryId, outcome)).toBeNull();
    },
  ],
  [
    'an attempt that is asked for at a deleted endpoint',
    'endpoint_deleted',
    async ({ endpointId, deliveryId }) => {
      await endpointStatus(db).remove(endpointId);
      const lease = { owner: randomUUID(), leaseMs: 20_000 };
      await attempts(db).begin({ endpointId, deliveryId, attempt: 2, now: Date.now() }, lease);
    },
  ],
];

test.each(waysOut)('%s leaves no due time and no place in the queue', async (_, reason, abandon) => {
  const given = await aQueuedRetry();
  await abandon(given);
  expect(await stateOf(given)).toEqual({
    status: 'abandoned',
    reason,
    next_attempt_at: null,
    delivered_at: null,
    is_settled: true,
    is_queued: false,
  });
});

test('what was delivered stays so, whatever is done to its lead or endpoint', async () => {
  const given = await aQueuedRetry();
  await db.execute(
    `update deliveries set status = 'delivered', delivered_at = now(), settled_at = now() where id = $1`,
    [given.deliveryId],
  );
  expect(await manualDelivery(db).skip(given.deliveryId)).toBe(false);
  await erasure(db).erase({ organizationId, leadId: given.leadId });
  await endpointStatus(db).remove(given.endpointId);
  expect(await endpointDeletion(db).abandonNext(given.endpointId, 10)).toBe(0);
  expect(await stateOf(given)).toMatchObject({ status: 'delivered', reason: null });
});
