import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startWorker } from '../../src/temporal/worker.ts';
import { aLead, person } from '../support/lead-events.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { testBundle } from '../support/service.ts';
import { startTestApi, type TestApi } from './api.ts';
import { aPartner, publish } from './partner.ts';

let api: TestApi;
let receiver: Receiver;
beforeAll(async () => {
  api = await startTestApi();
  receiver = await startReceiver();
});
afterAll(async () => {
  await api?.stop();
  await receiver?.close();
});

test('a lead that was accepted while no worker ran is erased: nothing of it goes out when one starts', async () => {
  const partner = await aPartner(api, receiver.url);
  const [lead, kept] = [aLead(partner.organization), aLead(partner.organization)];
  await publish(api, lead.created(), lead.personal({ enriched: true }), kept.created());
  const path = `${partner.path}/leads/${lead.leadId}`;
  expect((await api.call('GET', path)).status).toBe(200);

  expect((await api.call('DELETE', path)).status).toBe(204);
  expect((await api.call('GET', path)).body).toMatchObject({ stage: 'erased', mode: null });
  expect((await api.call('DELETE', path)).status).toBe(204);
  const listed = await api.call('GET', `${partner.path}/leads?stage=erased`);
  expect(listed.body.data).toMatchObject([{ lead_id: lead.leadId, mode: null }]);

  const worker = await startWorker(api.deps, await testBundle());
  try {
    await eventually(() => expect(receiver.requests.map(({ json }) => leadOf(json))).toEqual([kept.leadId]));
    await eventually(async () => {
      const { body } = await api.call('GET', path);
      expect(body.steps.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['erased', 'erased']);
    });
    expect(receiver.requests).toHaveLength(1);
  } finally {
    await worker.stop();
  }
});

const leadOf = (json: unknown): string => (json as { data: { lead_id: string } }).data.lead_id;

test.each([
  ['a pending row that no one can read', 'outbox'],
  ['a dead letter', 'outbox_dead_letters'],
])('a lead that only %s of the outbox names is erased there', async (_what, table) => {
  const { db } = api.deps;
  const partner = await aPartner(api, receiver.url);
  const lead = aLead(partner.organization);
  const malformed = { ...lead.personal(), event: 'lead.unheard_of' };
  await db.execute('select spark360.publish($1::jsonb)', [JSON.stringify(malformed)]);
  if (table === 'outbox_dead_letters')
    await db.execute(
      `with done as (update spark360.outbox set done_at = now(), outcome = 'dead_letter' where done_at is null returning *)
       insert into spark360.outbox_dead_letters (outbox_id, subject, event, reason, published_at)
       select id, 'malformed/x', event, 'malformed', created_at from done`,
    );
  const rows = async (): Promise<string> =>
    JSON.stringify(
      await db.query('select event from spark360.outbox union all select event from spark360.outbox_dead_letters'),
    );
  expect(await rows()).toContain(person.email);

  const worker = await startWorker(api.deps, await testBundle());
  try {
    expect((await api.call('DELETE', `${partner.path}/leads/${lead.leadId}`)).status).toBe(204);
    await eventually(async () => expect(await rows()).toBe('[]'));
  } finally {
    await worker.stop();
  }
});

test('a lead that neither ledger nor history nor outbox has heard of is a 404, and leaves no tombstone', async () => {
  const partner = await aPartner(api, receiver.url);
  expect((await api.call('DELETE', `${partner.path}/leads/${randomUUID()}`)).status).toBe(404);
  expect(await api.deps.db.query('select from leads where organization_id = $1', [partner.organization])).toEqual([]);
});
