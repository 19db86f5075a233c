import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { startTestApi, type TestApi } from './api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

let outboxId = 1_000;
async function aDeadLetter(event: object): Promise<string> {
  outboxId += 1;
  const [row] = await api.deps.outboxDb.query<{ id: string }>(
    `insert into spark360.outbox_dead_letters (outbox_id, subject, event, reason, issues, published_at)
     values ($1, $2, $3::jsonb, 'malformed', '[{"path":"data.object.leadId","message":"expected a UUID"}]', now()) returning id::text`,
    [outboxId, `malformed/${outboxId}`, JSON.stringify(event)],
  );
  return row?.id ?? '';
}

test('dead letters are listed newest first, in pages, and shown with their event', async () => {
  const ids = [await aDeadLetter({ n: 1 }), await aDeadLetter({ n: 2 }), await aDeadLetter({ n: 3 })];
  const first = await api.call('GET', '/v1/dead-letters?limit=2');
  expect(first.body.data.map(({ id }: { id: string }) => id)).toEqual([ids[2], ids[1]]);
  expect(first.body.data[0]).toMatchObject({
    reason: 'malformed',
    issues: [{ path: 'data.object.leadId', message: 'expected a UUID' }],
  });
  expect(first.body.data[0]).not.toHaveProperty('event');
  const second = await api.call('GET', `/v1/dead-letters?limit=2&cursor=${first.body.next_cursor}`);
  expect(second.body).toMatchObject({ data: [{ id: ids[0] }], next_cursor: null });
  expect((await api.call('GET', `/v1/dead-letters/${ids[0]}`)).body.event).toEqual({ n: 1 });
});

test('a mended event is put into the outbox once, whatever is asked a second time', async () => {
  const id = await aDeadLetter({ broken: true });
  const event = aLead(randomUUID()).created();
  const replayed = await api.call('POST', `/v1/dead-letters/${id}/replay`, { body: { event } });
  expect(replayed.status).toBe(202);
  expect(replayed.body).toMatchObject({ id, replayed_at: expect.any(String), replay_outcome: null });
  await api.call('POST', `/v1/dead-letters/${id}/replay`, { body: { event: { other: true } } });
  const rows = await api.deps.outboxDb.query<{ event: { id?: string } }>('select event from spark360.outbox');
  expect(rows.map((row) => row.event.id)).toEqual([event.id]);
  const open = await api.call('GET', '/v1/dead-letters');
  expect(open.body.data.map((letter: { id: string }) => letter.id)).not.toContain(id);
  const all = await api.call('GET', '/v1/dead-letters?replayed=true');
  expect(all.body.data.map((letter: { id: string }) => letter.id)).toContain(id);
});

test('without an event it is replayed as it was', async () => {
  const event = aLead(randomUUID()).created();
  const id = await aDeadLetter(event);
  expect((await api.call('POST', `/v1/dead-letters/${id}/replay`)).status).toBe(202);
  const [row] = await api.deps.outboxDb.query<{ event: { id: string } }>(
    'select event from spark360.outbox order by id desc limit 1',
  );
  expect(row?.event.id).toBe(event.id);
});

test.each([
  ['GET', '/v1/dead-letters/999999'],
  ['GET', '/v1/dead-letters/0'],
  ['GET', '/v1/dead-letters/1e3'],
  ['GET', '/v1/dead-letters/99999999999999999999'],
  ['POST', '/v1/dead-letters/999999/replay'],
])('%s %s is not found', async (method, path) => {
  expect((await api.call(method, path)).status).toBe(404);
});

test('they hold personal data of every organization, so an organization reads none', async () => {
  const organizationId = randomUUID();
  await api.call('PUT', `/v1/organizations/${organizationId}`, { body: {} });
  const { key } = (await api.call('POST', `/v1/organizations/${organizationId}/api-keys`, { body: {} })).body;
  for (const path of [
    '/v1/dead-letters',
    '/v1/dead-letters/1',
    '/v1/system',
    '/v1/jobs',
    '/v1/audit-log',
    '/v1/attention',
  ])
    expect((await api.call('GET', path, { key })).status).toBe(403);
});
