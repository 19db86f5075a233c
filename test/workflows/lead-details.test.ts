import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { leadSubject } from '../../src/domain/ids.ts';
import { newLeadState } from '../../src/domain/lead-state.ts';
import type { Lane, QueuedDelivery } from '../../src/domain/lanes.ts';
import { deliverSummary, describeLanes, timerSummary } from '../../workflows/lane-words.ts';
import { leadDetails } from '../../workflows/lead-details.ts';
import { stateQuery } from '../../workflows/messages.ts';
import { decodedTexts, historiesOf } from '../support/histories.ts';
import { aLead, person, street } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';

const now = Date.parse('2026-01-31T12:00:00Z');
const head = (changes: Partial<QueuedDelivery> = {}): QueuedDelivery => ({
  id: 'd1',
  names: { event: 'lead.enriched', sequence: 2 },
  attempt: 4,
  dueAt: now + 600_000,
  ...changes,
});
const lane = (first: QueuedDelivery, changes: Partial<Lane> = {}): Lane => ({
  endpointId: 'e1',
  host: 'crm.example',
  attempts: 5,
  queue: [first],
  ...changes,
});

test.each<[string, Lane, string]>([
  ['a retry', lane(head()), 'attempt 4 of 5 of lead.enriched at crm.example'],
  ['a place in the queue', lane(head({ waitsFor: 'slot' })), 'asks again for a slot for lead.enriched at crm.example'],
  [
    'what a recovery took up',
    { endpointId: 'e1', attempts: null, queue: [{ id: 'd1', attempt: 6, dueAt: 0 }] },
    'attempt 6 of delivery d1 at endpoint e1',
  ],
])('the timer of %s is named', (_what, given, summary) => {
  expect(timerSummary(given.queue[0] as QueuedDelivery, given)).toBe(summary);
});

describe('what a lane waits for is said in the words of the API', () => {
  test.each<[string, QueuedDelivery, object]>([
    [
      'a retry',
      head(),
      {
        reason: 'retry',
        until: '2026-01-31T12:10:00.000Z',
        sentence: 'Attempt 4 of 5 goes out at 2026-01-31 12:10:00 UTC.',
      },
    ],
    ['an attempt that was handed over', head({ waitsFor: 'outcome' }), { reason: null }],
    ['an attempt', head({ dueAt: 0 }), { reason: null, sentence: 'Attempt 4 of 5 is under way.' }],
    ['a full endpoint', head({ waitsFor: 'slot' }), { reason: 'slot' }],
    ['a paused endpoint', head({ waitsFor: 'resume', dueAt: null }), { reason: 'endpoint_paused' }],
  ])('%s', (_what, first, expected) => {
    expect(describeLanes([lane(first)], now)[0]?.waitsFor).toMatchObject(expected);
    expect(deliverSummary([lane(first)], 0)).toBe('attempt 4 of 5 of lead.enriched at crm.example');
  });
});

test('current details tell steps, events and lanes, in Markdown', () => {
  const state = { ...newLeadState('o1', 'l1'), mode: 'prod' as const, seen: { address: true, contact: true } as const };
  const lanes = describeLanes([lane(head(), { queue: [head(), head({ id: 'd2' })] })], now);
  const description = {
    lead: { ...state, emitted: { 'lead.address_preview': 'e' }, enrichmentDueAt: now },
    stage: 'waiting_for_enrichment' as const,
    leadStatus: 'contact_info_provided' as const,
    lanes,
    unreadSteps: 0,
  };
  expect(leadDetails(description)).toBe(`**waiting for enrichment** · mode \`prod\` · status \`contact_info_provided\`

Waits for the enrichment write-back. Contact was asked for, and is sent after it. The organization is told at 2026-01-31 12:00:00 UTC. The update \`complete_enrichment\` goes on with what is known.

**Deliveries not settled:**

- \`crm.example\`: lead.enriched (sequence 2). Attempt 4 of 5 goes out at 2026-01-31 12:10:00 UTC. 1 more follows it in order.

**Steps that came:** address, contact request

**Events emitted:** lead.address_preview`);
});

describe('in Temporal', () => {
  let service: TestService;
  let receiver: Receiver;
  let organization: string;
  beforeAll(async () => {
    service = await startService({ retryScheduleMs: [600_000, 600_000] });
    receiver = await startReceiver({ status: 500 });
    organization = await anOrganization(service.deps);
    await anEndpoint(service.deps, organization, receiver.url);
  });
  afterAll(async () => {
    await service?.stop();
    await receiver?.close();
  });

  test('a lead has a summary, its timers and activities are named, its handlers described, and all of it is encrypted', async () => {
    const lead = aLead(organization);
    await service.deps.client.publishMany([lead.created(), lead.personal({ enriched: true })]);
    const workflowId = leadSubject(organization, lead.leadId);
    const handle = service.deps.temporal.workflow.getHandle(workflowId);
    const state = await eventually(async () => {
      const answer = await handle.query(stateQuery);
      expect(answer.lanes[0]?.waitsFor.reason).toBe('retry');
      return answer;
    });
    const { host } = new URL(receiver.url);
    expect(state.details).toContain(`- \`${host}\`: lead.address_preview (sequence 1). Attempt 2 of 3 goes out at `);
    for (const word of [...Object.values(person), street]) expect(state.details).not.toContain(word);

    const description = await handle.describe();
    expect(await description.staticSummary()).toBe(`prod lead ${lead.leadId}`);
    const metadata = await handle.query<
      { currentDetails: string; definition: { signalDefinitions: { name: string; description: string }[] } },
      []
    >('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toContain('**Steps that came:**');
    expect(metadata.definition.signalDefinitions).toContainEqual({
      name: 'contact',
      description: expect.stringContaining('lead.contact_requested'),
    });

    const [history] = await historiesOf(service.deps.temporal, workflowId);
    const texts = await decodedTexts(history ?? { events: [] }, service.deps.codec);
    for (const words of [`attempt 2 of 3 of lead.address_preview at ${host}`, 'emits lead.address_preview']) {
      expect(texts).toContain(words);
      expect(JSON.stringify(history)).not.toContain(words);
    }
  });
});
