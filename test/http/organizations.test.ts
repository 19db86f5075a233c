import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { startTestApi, type TestApi } from './api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const put = (path: string, body: object) => api.call('PUT', `/v1/organizations/${path}`, { body });

test('an organization is made by a PUT, and keeps what a later one leaves out', async () => {
  const id = randomUUID();
  const made = await put(id, { name: 'Acme Roofing', tier: 'ultimate', notify: ['owner@acme.example'] });
  expect(made.status).toBe(200);
  expect(made.body).toMatchObject({ id, name: 'Acme Roofing', tier: 'ultimate', notify: ['owner@acme.example'] });
  const changed = await put(id.toUpperCase(), { notify: [] });
  expect(changed.body).toMatchObject({ id, name: 'Acme Roofing', tier: 'ultimate', notify: [] });
  expect((await put(id, { name: null })).body.name).toBeNull();
  expect((await api.call('GET', `/v1/organizations/${id}`)).body).toMatchObject({ id, name: null, tier: 'ultimate' });
});

test.each([
  ['a tier there is not', { tier: 'gold' }, 'tier'],
  ['an e-mail that is none', { notify: ['owner@acme.example', 'owner'] }, 'notify.1'],
  ['a number as a name', { name: 5 }, 'name'],
  ['NUL in a name', { name: '\u0000' }, 'name'],
  ['a lone surrogate in a name', { name: '\ud800' }, 'name'],
])('%s is refused with 422', async (_what, body, path) => {
  const answer = await put(randomUUID(), body);
  expect(answer.status).toBe(422);
  expect(answer.body.errors).toMatchObject([{ path }]);
});

test('international addresses are taken as they are', async () => {
  const notify = ['jörg@example.com', 'info@bücher.example', '用户@例子.公司'];
  const { status, body } = await put(randomUUID(), { notify });
  expect(status).toBe(200);
  expect(body.notify).toEqual(notify);
});

test('a widget is registered by a PUT, and keeps what a later one leaves out', async () => {
  const organization = randomUUID();
  const widget = randomUUID();
  await put(organization, {});
  const path = `${organization}/widgets/${widget}`;
  const made = await put(path, {
    version: '02',
    name: 'New Spark 02',
    status: 'active',
    sources: { '03': 'Instagram' },
  });
  expect(made.status).toBe(200);
  expect(made.body).toMatchObject({
    id: widget,
    organization_id: organization,
    version: '02',
    sources: { '03': 'Instagram' },
  });
  const changed = await put(path, { name: 'Renamed' });
  expect(changed.body).toMatchObject({
    version: '02',
    name: 'Renamed',
    status: 'active',
    sources: { '03': 'Instagram' },
  });
  expect((await api.call('GET', `/v1/organizations/${path}`)).body).toEqual(changed.body);
  expect((await put(path, { sources: { '03': 'a\u0000' } })).status).toBe(422);
});

test("a widget of another organization is a 404, and stays that organization's", async () => {
  const [first, second, widget] = [randomUUID(), randomUUID(), randomUUID()];
  await put(first, {});
  await put(second, {});
  await put(`${first}/widgets/${widget}`, { name: 'First' });
  expect((await put(`${second}/widgets/${widget}`, { name: 'Second' })).status).toBe(404);
  expect((await api.call('GET', `/v1/organizations/${second}/widgets/${widget}`)).status).toBe(404);
  expect((await api.call('GET', `/v1/organizations/${first}/widgets/${widget}`)).body.name).toBe('First');
  expect((await put(`${randomUUID()}/widgets/${randomUUID()}`, {})).status).toBe(404);
});

test('pages are stable while organizations are added, and the last one has no cursor', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i += 1) ids.unshift((await put(randomUUID(), {})).body.id);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { body } = await api.call('GET', `/v1/organizations?limit=2${query}`);
    seen.push(...body.data.map(({ id }: { id: string }) => id));
    cursor = body.next_cursor;
    await put(randomUUID(), {});
  } while (cursor !== null);
  expect(seen.slice(0, 5)).toEqual(ids);
  expect(new Set(seen).size).toBe(seen.length);
});

test('organizations are found by a part of their name or the beginning of their id, and by nothing else', async () => {
  const [roofs, wild] = [randomUUID(), randomUUID()];
  await api.call('PUT', `/v1/organizations/${roofs}`, { body: { name: 'Älpha Roofs of Köln' } });
  await api.call('PUT', `/v1/organizations/${wild}`, { body: { name: "100%_o'Hare\\" } });
  const found = async (search: string) => {
    const { status, body } = await api.call('GET', `/v1/organizations?search=${encodeURIComponent(search)}`);
    expect(status).toBe(200);
    return body.data.map(({ id }: { id: string }) => id);
  };
  expect(await found('ÄLPHA roofs')).toEqual([roofs]);
  expect(await found('OF Köln')).toEqual([roofs]);
  expect(await found(roofs.slice(0, 13).toUpperCase())).toEqual([roofs]);
  expect(await found(roofs.slice(1))).toEqual([]);
  // Nothing in it is a pattern or SQL.
  for (const part of ['%_', "o'H", '\\', '100%']) expect([part, await found(part)]).toEqual([part, [wild]]);
  expect(await found('Älpha%Köln')).toEqual([]);
});

test.each([
  ['', 'expected text'],
  ['x'.repeat(201), 'expected at most 200 characters'],
])('a search that is no use is refused by name', async (search, message) => {
  const { status, body } = await api.call('GET', `/v1/organizations?search=${search}`);
  expect([status, body.errors]).toEqual([400, [{ path: 'search', message }]]);
});

test('an organization never heard of exists once its first event is accepted, as starter, whoever works the event', async () => {
  const id = randomUUID();
  const path = `/v1/organizations/${id}`;
  expect((await api.call('GET', path)).status).toBe(404);
  const lead = aLead(id);
  expect((await api.call('POST', '/v1/events', { body: [lead.created(), lead.details()] })).status).toBe(202);
  const { status, body } = await api.call('GET', path);
  expect(status).toBe(200);
  expect(body).toMatchObject({ id, tier: 'starter', notify: [] });
  expect((await api.call('GET', `${path}/endpoints`)).body.data).toEqual([]);
});
