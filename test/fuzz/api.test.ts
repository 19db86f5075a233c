import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { aLead } from '../support/lead-events.ts';
import { call, operatorKey } from '../http/call.ts';
import { startTestApi, type TestApi } from '../http/api.ts';
import { aPartner } from '../http/partner.ts';
import { type FuzzRequest, type Known, type OpenApi, requestsOf } from './requests.ts';

/** Each found a 5xx once, or is here to begin with; `npm run fuzz` adds those that find one. */
const seedsFile = new URL('./seeds.json', import.meta.url);
const seeds = JSON.parse(readFileSync(seedsFile, 'utf8')) as number[];
const [extraSeconds, perSeedMs, requestsPerSeed] = [Number(process.env.FUZZ_SECONDS ?? 0), 12_000, 250];

let api: TestApi;
let document: OpenApi;
let known: Known;
beforeAll(async () => {
  api = await startTestApi({ worker: true });
  document = (await api.call('GET', '/openapi.json', { key: null })).body;
  known = await someThings();
});
afterAll(() => api?.stop());

async function someThings(): Promise<Known> {
  const partner = await aPartner(api, 'http://127.0.0.1:9/hook');
  const lead = aLead(partner.organization);
  await api.call('POST', '/v1/events', { body: [lead.created(), lead.personal({ enriched: true })] });
  const own = (await api.call('POST', `${partner.path}/api-keys`, { body: {} })).body;
  const ingest = (await api.call('POST', '/v1/api-keys', { body: { role: 'ingest' } })).body;
  const deliveries = (await api.call('GET', `${partner.path}/deliveries`)).body.data as { id: string }[];
  return {
    organization: partner.organization,
    ids: [partner.organization, partner.endpoint, lead.leadId, own.id, ingest.id, ...deliveries.map(({ id }) => id)],
    keys: [operatorKey, operatorKey, own.key, ingest.key, 'sk_org_unknown', null],
  };
}

async function answersSoundly({ method, path, body, key, headers }: FuzzRequest): Promise<void> {
  const answer = await call(api.url + path, method, { key, headers, ...(body === undefined ? {} : { body }) });
  if (answer.status >= 500) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  if (answer.status < 400) return;
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.body.errors.length).toBeLessThanOrEqual(100);
}

const run = (seed: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(requestsOf(document, known), (request) => answersSoundly(request)),
    { seed, numRuns: requestsPerSeed, interruptAfterTimeLimit: perSeedMs, markInterruptAsFailure: false },
  );

test.each(seeds)('requests made from the OpenAPI document, and broken ones, find no 5xx (seed %d)', run, 60_000);

test('nor do those of other seeds, as long as FUZZ_SECONDS says', async () => {
  const until = Date.now() + extraSeconds * 1_000;
  while (Date.now() < until) {
    const seed = Math.floor(Math.random() * 2 ** 31);
    try {
      await run(seed);
    } catch (error) {
      writeFileSync(seedsFile, `${JSON.stringify([...seeds, seed])}\n`);
      throw error;
    }
  }
}, 3_600_000);
