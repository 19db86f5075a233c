import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { operatorKey, startTestApi, type TestApi } from './api.ts';
import { aPartner, type Partner } from './partner.ts';

let api: TestApi;
let own: Partner;
let other: Partner;
const keys: Record<string, string | null> = { operator: operatorKey, none: null };
beforeAll(async () => {
  api = await startTestApi();
  own = await aPartner(api, 'http://127.0.0.1:9/own');
  other = await aPartner(api, 'http://127.0.0.1:9/other');
  keys.ingest = (await api.call('POST', '/v1/api-keys', { body: { role: 'ingest' } })).body.key;
  keys.organization = (await api.call('POST', `${own.path}/api-keys`, { body: {} })).body.key;
});
afterAll(() => api?.stop());

const [delivery, lead, job] = [randomUUID(), randomUUID(), randomUUID()];
const since = '2026-01-01T00:00:00Z';
const calls = [
  ['POST', 'endpoints/{endpoint}/pause', undefined, 200],
  ['POST', 'endpoints/{endpoint}/resume', undefined, 200],
  ['POST', 'endpoints/{endpoint}/rotate-secret', {}, 200],
  ['POST', 'endpoints/{endpoint}/test', undefined, 200],
  ['POST', 'endpoints/{endpoint}/recover', { since, dry_run: true }, 202],
  ['GET', `jobs/${job}`, undefined, 404],
  ['POST', `deliveries/${delivery}/resend`, undefined, 404],
  ['POST', `deliveries/${delivery}/skip`, undefined, 404],
  ['DELETE', `leads/${lead}`, undefined, 404],
] as const;

describe.each(calls)('%s %s', (method, path, body, status) => {
  const at = ({ path: base, endpoint }: Partner) => `${base}/${path.replace('{endpoint}', endpoint)}`;
  const as = (role: string, url: string) =>
    api.call(method, url, { key: keys[role] ?? null, ...(body === undefined ? {} : { body }) });

  test('is for the operator and the organization itself', async () => {
    expect((await as('operator', at(own))).status).toBe(status);
    expect((await as('organization', at(own))).status).toBe(status);
    expect((await as('ingest', at(own))).status).toBe(403);
    expect((await as('none', at(own))).status).toBe(401);
  });

  test("is a 404 in another organization, and for another organization's ids", async () => {
    expect((await as('organization', at(other))).status).toBe(404);
    expect((await as('operator', at({ ...own, endpoint: other.endpoint }))).status).toBe(404);
    expect((await as('operator', at({ ...own, path: `/v1/organizations/${randomUUID()}` }))).status).toBe(404);
    expect((await as('operator', at({ ...own, endpoint: randomUUID() }))).status).toBe(404);
  });

  test('takes no query parameter', async () => {
    expect((await as('operator', `${at(own)}?force=1`)).status).toBe(400);
  });
});

test.each([
  ['operator', 404],
  ['organization', 403],
  ['ingest', 403],
  ['none', 401],
])('completing an enrichment is for the operator alone: %s %d', async (role, status) => {
  const answer = await api.call('POST', `${own.path}/leads/${lead}/complete-enrichment`, { key: keys[role] ?? null });
  expect(answer.status).toBe(status);
});

test("another organization's delivery and lead can be neither sent again, skipped, completed nor erased", async () => {
  const foreign = aLead(other.organization);
  await api.call('POST', '/v1/events', { body: foreign.created() });
  const [row] = await api.deps.db.query<{ id: string }>(
    `insert into deliveries (event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status)
     values (gen_random_uuid(), $1, $2, 'lead/x', $3, 'lead.enriched', 1, 'pending') returning id`,
    [other.endpoint, other.organization, foreign.leadId],
  );
  for (const [method, path] of [
    ['POST', `deliveries/${row?.id}/resend`],
    ['POST', `deliveries/${row?.id}/skip`],
    ['POST', `leads/${foreign.leadId}/complete-enrichment`],
    ['DELETE', `leads/${foreign.leadId}`],
  ] as const) {
    expect((await api.call(method, `${own.path}/${path}`)).status).toBe(404);
  }
  const { body } = await api.call('GET', `${other.path}/deliveries/${row?.id}`);
  expect(body.status).toBe('pending');
});

test.each([
  ['rotate-secret', { overlap_seconds: -1 }, 'overlap_seconds'],
  ['rotate-secret', { overlap_seconds: 604_801 }, 'overlap_seconds'],
  ['rotate-secret', { overlap_seconds: 1.5 }, 'overlap_seconds'],
  ['rotate-secret', { overlap_seconds: '60' }, 'overlap_seconds'],
  ['rotate-secret', { overlap: 60 }, 'overlap'],
  ['rotate-secret', [], '$'],
  ['recover', {}, 'since'],
  ['recover', { since: 'yesterday' }, 'since'],
  ['recover', { since: '2026-01-01' }, 'since'],
  ['recover', { since: 1_767_225_600_000 }, 'since'],
  ['recover', { since, until: 'now' }, 'until'],
  ['recover', { since, until: '2025-12-31T23:59:59Z' }, 'since'],
  ['recover', { since: '2999-01-01T00:00:00Z' }, 'since'],
  ['recover', { since, dry_run: 'yes' }, 'dry_run'],
  ['recover', { since, endpoint: 'x' }, 'endpoint'],
])('%s with %j is refused with 422 naming the field', async (action, body, field) => {
  const answer = await api.call('POST', `${own.endpointPath}/${action}`, { body });
  expect(answer.status).toBe(422);
  expect(answer.body.errors.map(({ path }: { path: string }) => path)).toEqual([field]);
});
