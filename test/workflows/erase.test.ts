import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WorkflowNotFoundError } from '@temporalio/client';
import { eraseWorkflowId, leadSubject } from '../../src/domain/ids.ts';
import { aLead, person, street } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let receiver: Receiver;
let organization: string;
beforeAll(async () => {
  service = await startService({ retryScheduleMs: [3_600_000], idleAfterMs: 500 });
  // A partner that quotes what it was sent.
  receiver = await startReceiver(({ rawBody }) => ({ body: rawBody }));
  organization = await anOrganization(service.deps);
  await anEndpoint(service.deps, organization, receiver.url);
});
afterAll(async () => {
  await service?.stop();
  await receiver?.close();
});

const traces = [person.firstName, person.lastName, person.email, person.phone, street];

/** Every text of every row of every table, searched for the person. */
async function rowsWithThePerson(): Promise<string[]> {
  const { db } = service.deps;
  const tables = await db.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
      where table_schema in ('public', 'spark360') and table_type = 'BASE TABLE'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await db.query<{ text: string }>(`select t::text as text from ${name} t`);
    for (const { text } of rows) if (traces.some((trace) => text.includes(trace))) found.push(name);
  }
  return found;
}

const runs = async (leadId: string): Promise<string[]> => {
  const found: string[] = [];
  const query = `WorkflowId = '${leadSubject(organization, leadId)}'`;
  for await (const { runId } of service.deps.temporal.workflow.list({ query })) found.push(runId);
  return found;
};

test('an erased lead leaves a tombstone of ids: no row, no body, no answer, no history has the person', async () => {
  const { client, db, operations } = service.deps;
  const lead = aLead(organization);
  await client.publish(lead.created());
  await eventually(() => expect(receiver.requests).toHaveLength(1));
  // Completed once and begun again: two runs.
  await eventually(async () => expect(await client.lead(organization, lead.leadId).state()).toBeDefined());
  const { temporal } = service.deps;
  await eventually(async () => {
    const { status } = await temporal.workflow.getHandle(leadSubject(organization, lead.leadId)).describe();
    expect(status.name).toBe('COMPLETED');
  });
  await client.publish(lead.personal({ enriched: true }));
  await eventually(() => expect(receiver.requests).toHaveLength(3));
  receiver.answer({ status: 500, body: person.email });
  await client.publish(lead.contact());
  await eventually(async () =>
    expect(
      await db.query(`select 1 from deliveries where lead_id = $1 and status = 'retrying'`, [lead.leadId]),
    ).toHaveLength(1),
  );
  await eventually(async () => expect((await runs(lead.leadId)).length).toBeGreaterThanOrEqual(2));
  expect(await rowsWithThePerson()).not.toEqual([]);

  expect(await operations.erase(organization, lead.leadId)).toBe(true);
  expect(await rowsWithThePerson()).toEqual([]);
  await eventually(async () => expect(await runs(lead.leadId)).toEqual([]));
  const deliveries = await db.query('select status, reason from deliveries where lead_id = $1 order by sequence', [
    lead.leadId,
  ]);
  expect(deliveries).toEqual([
    { status: 'delivered', reason: null },
    { status: 'delivered', reason: null },
    { status: 'delivered', reason: null },
    { status: 'abandoned', reason: 'lead_erased' },
  ]);
  expect(await db.query('select stage, state from leads where lead_id = $1', [lead.leadId])).toEqual([
    { stage: 'erased', state: null },
  ]);
});

test('a step after the erasure is recorded by id and dropped, and its history goes too', async () => {
  const { client, db, operations } = service.deps;
  receiver.answer({});
  const lead = aLead(organization);
  await client.publish(lead.created());
  await eventually(async () =>
    expect(
      await db.query(`select 1 from deliveries where lead_id = $1 and status = 'delivered'`, [lead.leadId]),
    ).toHaveLength(1),
  );
  await operations.erase(organization, lead.leadId);
  const late = lead.personal({ enriched: true });
  await Promise.all([client.publish(late), sleep(50).then(() => client.publish(lead.contact()))]);
  await eventually(async () =>
    expect(await db.query(`select outcome from inbound_events where id = $1`, [late.id])).toEqual([
      { outcome: 'erased' },
    ]),
  );
  // Visibility is behind, and may be empty before it has seen a run: the server's own word comes first.
  const handle = service.deps.temporal.workflow.getHandle(leadSubject(organization, lead.leadId));
  await eventually(() => expect(handle.describe()).rejects.toThrow(WorkflowNotFoundError));
  await eventually(async () => expect(await runs(lead.leadId)).toEqual([]));
  await expect(client.lead(organization, lead.leadId).state()).resolves.toBeNull();
  expect(await rowsWithThePerson()).toEqual([]);
  expect(await db.query('select 1 from deliveries where lead_id = $1', [lead.leadId])).toHaveLength(1);
  expect(await operations.erase(organization, 'ffffffff-ffff-4fff-8fff-ffffffffffff')).toBe(false);
});

test('an answer that was recorded while the erasure committed goes with its last step', async () => {
  const { client, db, operations, temporal } = service.deps;
  receiver.answer({});
  const lead = aLead(organization);
  await client.publish(lead.created());
  const delivered = `select id from deliveries where lead_id = $1 and status = 'delivered'`;
  await eventually(async () => expect(await db.query(delivered, [lead.leadId])).toHaveLength(1));
  expect(await operations.erase(organization, lead.leadId)).toBe(true);
  const eraser = temporal.workflow.getHandle(eraseWorkflowId(organization, lead.leadId));
  await eventually(async () => {
    const { events } = await eraser.fetchHistory();
    const started = events?.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
    expect(started).toContain('eraseHistories');
  });
  // As a statement leaves it whose snapshot is older than the erasure.
  const sql = `update attempts set response_body = $2 where delivery_id in (${delivered})`;
  expect(await db.execute(sql, [lead.leadId, person.email])).toBe(1);
  expect(await rowsWithThePerson()).toEqual(['public.attempts']);
  await eraser.result();
  expect(await rowsWithThePerson()).toEqual([]);
});

test("the backend's database is away: histories and rows of an erased lead go all the same, its outbox rows when it is back", async () => {
  const away = await startService({ idleAfterMs: 500, outboxDatabaseUrl: 'postgres://nobody@127.0.0.1:9/none' });
  try {
    const { client, db, operations, temporal } = away.deps;
    const own = await anOrganization(away.deps);
    const lead = aLead(own);
    await client.publish(lead.created());
    await eventually(async () => expect(await db.query('select 1 from leads')).toHaveLength(1));
    expect(await operations.erase(own, lead.leadId)).toBe(true);
    await eventually(async () => {
      const query = `WorkflowId = '${leadSubject(own, lead.leadId)}'`;
      expect((await temporal.workflow.count(query)).count).toBe(0);
      await expect(client.lead(own, lead.leadId).state()).resolves.toBeNull();
    });
    const eraser = temporal.workflow.getHandle(eraseWorkflowId(own, lead.leadId));
    expect((await eraser.describe()).raw.pendingActivities?.map(({ activityType }) => activityType?.name)).toEqual([
      'eraseOutbox',
    ]);
    await eraser.terminate();
  } finally {
    await away.stop();
  }
});
