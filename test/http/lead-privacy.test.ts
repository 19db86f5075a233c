import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { eventually } from '../support/eventually.ts';
import { startReceiver } from '../support/receiver.ts';
import { startTestApi, type TestApi } from './api.ts';
import { addEndpoint } from './partner.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ worker: true });
});
afterAll(() => api?.stop());

const keyOf = async (organization: string): Promise<string> =>
  (await api.call('POST', `/v1/organizations/${organization}/api-keys`, { body: {} })).body.key;

test("a partner's key never reads raw scores, hacks or the withheld widget of a starter", async () => {
  const receiver = await startReceiver();
  const organization = randomUUID();
  await api.call('PUT', `/v1/organizations/${organization}`, { body: { tier: 'starter' } });
  await addEndpoint(api, organization, receiver.url);
  const lead = aLead(organization, {
    ownerOccupied: true,
    source: { sourceTracking: { source: '03', version: 'withheld-07' } },
  });
  const event = lead.personal({ enriched: true });
  const object = event.data.object as Record<string, object>;
  Object.assign(object, {
    scores: {
      leadIntegrityScore: 8,
      elevateScore: 7,
      surePayScore: 727.4361,
      surePayScale: { min: 311.2917, max: 851.6043 },
    },
    insights: { hacks: [{ text: 'a hack that is not actionable', score: 0.1234, actionable: false }] },
  });
  await api.call('POST', '/v1/events', { body: [lead.created(), event] });
  const path = `/v1/organizations/${organization}/leads/${lead.leadId}`;
  const key = await keyOf(organization);

  const shown = await eventually(async () => {
    const { body } = await api.call('GET', path, { key });
    expect(body.deliveries.map(({ status }: { status: string }) => status)).toEqual(['delivered', 'delivered']);
    return body;
  });
  const text = JSON.stringify(shown);
  for (const secret of ['727.4361', '311.2917', '851.6043', 'not actionable', '0.1234', 'withheld-07'])
    expect(text).not.toContain(secret);
  expect(shown).toMatchObject({ stage: 'enriched', state: null, truncated: [] });
  expect([shown.steps.length, shown.events.length]).toEqual([2, 2]);

  const state = JSON.stringify((await api.call('GET', path)).body.state);
  for (const fact of ['727.4361', 'not actionable', 'withheld-07']) expect(state).toContain(fact);
  await receiver.close();
});
