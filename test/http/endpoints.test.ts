import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from './api.ts';

let api: TestApi;
const organization = randomUUID();
const path = `/v1/organizations/${organization}/endpoints`;
const url = 'http://127.0.0.1:9/hook';

beforeAll(async () => {
  api = await startTestApi();
  await api.call('PUT', `/v1/organizations/${organization}`, { body: {} });
});
afterAll(() => api?.stop());

const create = (body: object) => api.call('POST', path, { body: { url, ...body } });

test('creating gives the secret, once, and lead.enriched is always among the events', async () => {
  const { status, body } = await create({ events: ['lead.contact_requested'], description: 'CRM' });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    url,
    events: ['lead.enriched', 'lead.contact_requested'],
    mode: 'prod',
    status: 'active',
    description: 'CRM',
    secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
  });
  const shown = await api.call('GET', `${path}/${body.id}`);
  expect(shown.body).toEqual({ ...body, secret: undefined });
  const listed = await api.call('GET', path);
  expect(JSON.stringify(listed.body)).not.toContain('secret');
  const [row] = await api.deps.db.query<{ secret: Buffer }>('select secret from endpoints where id = $1', [body.id]);
  expect(api.deps.keyRing.open(row?.secret ?? Buffer.alloc(0), `endpoint/${body.id}`).toString()).toBe(body.secret);
});

test.each([
  ['no events', {}, ['lead.enriched']],
  ['an empty choice', { events: [] }, ['lead.enriched']],
  [
    'events twice and in any order',
    { events: ['lead.rental_alert', 'lead.address_preview', 'lead.rental_alert'] },
    ['lead.address_preview', 'lead.enriched', 'lead.rental_alert'],
  ],
])('%s', async (_what, body, events) => {
  expect((await create(body)).body.events).toEqual(events);
});

test.each([
  ['an unknown event', { events: ['lead.lost'] }, 'events.0'],
  ['a url that is no url', { url: 'crm' }, 'url'],
  ['http to elsewhere', { url: 'http://93.184.216.34/' }, 'url'],
  ['credentials in the url', { url: 'https://user:pass@127.0.0.1/' }, 'url'],
  ['a private address', { url: 'https://10.0.0.1/' }, 'url'],
  ['the metadata address', { url: 'https://169.254.169.254/latest' }, 'url'],
  ['a name that does not resolve', { url: 'https://nowhere.invalid/' }, 'url'],
  ['an unknown mode', { mode: 'test' }, 'mode'],
  ['NUL in a text', { description: 'a\u0000b' }, 'description'],
  ['no request at a time', { max_in_flight: 0 }, 'max_in_flight'],
  ['half a request a second', { rate_limit: 0.5 }, 'rate_limit'],
  ['a rate that is no number', { rate_limit: '5' }, 'rate_limit'],
  ['a rate beyond all bounds', { rate_limit: 1001 }, 'rate_limit'],
  ['an unknown field', { event: [] }, 'event'],
])('%s is refused with 422 naming the field', async (_what, body, field) => {
  const answer = await create(body);
  expect(answer.status).toBe(422);
  expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual([field]);
});

test('changing keeps lead.enriched, and what is not said', async () => {
  const { body } = await create({ events: ['lead.rental_alert'], description: 'CRM' });
  const changed = await api.call('PATCH', `${path}/${body.id}`, { body: { events: ['lead.address_preview'] } });
  expect(changed.status).toBe(200);
  expect(changed.body).toMatchObject({ url, description: 'CRM', events: ['lead.address_preview', 'lead.enriched'] });
  const cleared = await api.call('PATCH', `${path}/${body.id}`, {
    body: { description: null, url: 'https://127.0.0.1/x' },
  });
  expect(cleared.body).toMatchObject({ description: null, url: 'https://127.0.0.1/x' });
  expect(cleared.body).not.toHaveProperty('secret');
});

test('a url is stored, listed and shown as it is used, whether it was made so or changed', async () => {
  const written = ' \nHTTP://127.0.0.1:80/a/../hook?\n';
  const stored = 'http://127.0.0.1/hook';
  const { body } = await create({ url: written });
  expect(body.url).toBe(stored);
  const changed = await api.call('PATCH', `${path}/${body.id}`, { body: { url: '\thttps://127.0.0.1:443\r\n' } });
  expect(changed.body.url).toBe('https://127.0.0.1/');
  expect((await api.call('GET', `${path}/${body.id}`)).body.url).toBe('https://127.0.0.1/');
  const listed = (await api.call('GET', path)).body.data as { id: string; url: string }[];
  expect(listed.find(({ id }) => id === body.id)?.url).toBe('https://127.0.0.1/');
});

test.each([
  'http:\\\\127.0.0.1',
  'http:127.0.0.1',
  'http://@127.0.0.1',
  'http://127.0.0.1/a\nb',
  'http://127.0.0.1/#x',
])('a url that would be used as another is refused, when it is made and when it is changed: %j', async (odd) => {
  expect(await create({ url: odd })).toMatchObject({ status: 422, body: { errors: [{ path: 'url' }] } });
  const { body } = await create({});
  const changed = await api.call('PATCH', `${path}/${body.id}`, { body: { url: odd } });
  expect(changed).toMatchObject({ status: 422, body: { errors: [{ path: 'url' }] } });
  expect((await api.call('GET', `${path}/${body.id}`)).body.url).toBe(url);
});

test('both bounds are set, changed and taken back', async () => {
  const { body } = await create({ max_in_flight: 2, rate_limit: 5 });
  expect(body).toMatchObject({ max_in_flight: 2, rate_limit: 5 });
  const change = async (bounds: object) => (await api.call('PATCH', `${path}/${body.id}`, { body: bounds })).body;
  expect(await change({ rate_limit: null })).toMatchObject({ max_in_flight: 2, rate_limit: null });
  expect(await change({ max_in_flight: 4, rate_limit: 10 })).toMatchObject({ max_in_flight: 4, rate_limit: 10 });
  expect(await change({ description: 'as it was' })).toMatchObject({ max_in_flight: 4, rate_limit: 10 });
  expect((await create({})).body).toMatchObject({ max_in_flight: 16, rate_limit: null });
});

test.each([
  ['the mode', { mode: 'prod' }, 'mode'],
  ['the status', { status: 'paused' }, 'status'],
  ['the secret', { secret: 'whsec_' }, 'secret'],
  ['to a blocked url', { url: 'https://[::ffff:10.0.0.1]/' }, 'url'],
])('changing %s is refused with 422', async (_what, body, field) => {
  const made = await create({});
  const answer = await api.call('PATCH', `${path}/${made.body.id}`, { body });
  expect(answer.status).toBe(422);
  expect(answer.body.errors).toMatchObject([{ path: field }]);
});

test('a deleted endpoint is gone, and what was unsettled there is abandoned', async () => {
  const { body } = await create({});
  const lead = randomUUID();
  const delivery = (status: string, sequence: number) =>
    api.deps.db.query<{ id: string }>(
      `insert into deliveries (event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status)
       values ($1, $2, $3, $4, $5, 'lead.enriched', $6, $7) returning id`,
      [randomUUID(), body.id, organization, `lead/${organization}/${lead}`, lead, sequence, status],
    );
  for (const [index, status] of ['pending', 'retrying', 'held', 'delivering'].entries())
    await delivery(status, index + 1);
  expect((await api.call('DELETE', `${path}/${body.id}`)).status).toBe(204);
  expect((await api.call('GET', `${path}/${body.id}`)).status).toBe(404);
  expect((await api.call('PATCH', `${path}/${body.id}`, { body: {} })).status).toBe(404);
  expect((await api.call('DELETE', `${path}/${body.id}`)).status).toBe(404);
  const { body: listed } = await api.call('GET', `/v1/organizations/${organization}/deliveries?lead_id=${lead}`);
  expect(listed.data.map(({ status, reason }: { status: string; reason: string }) => [status, reason]).sort()).toEqual([
    ['abandoned', 'endpoint_deleted'],
    ['abandoned', 'endpoint_deleted'],
    ['abandoned', 'endpoint_deleted'],
    ['delivering', null],
  ]);
});

test("another organization's endpoint is a 404", async () => {
  const { body } = await create({});
  const other = randomUUID();
  await api.call('PUT', `/v1/organizations/${other}`, { body: {} });
  for (const method of ['GET', 'DELETE']) {
    expect((await api.call(method, `/v1/organizations/${other}/endpoints/${body.id}`)).status).toBe(404);
  }
  expect((await api.call('PATCH', `/v1/organizations/${other}/endpoints/${body.id}`, { body: {} })).status).toBe(404);
});
