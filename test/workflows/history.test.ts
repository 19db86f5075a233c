import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { leadSubject, widgetSubject } from '../../src/domain/ids.ts';
import { asBytes, asJson, decodedTexts, type History, historiesOf, payloadsIn } from '../support/histories.ts';
import { aLead, type LeadEvents, person, street } from '../support/lead-events.ts';
import { deliveriesOf, settled } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { aWidget } from '../support/widget-events.ts';

/** What a partner answers may repeat what it was sent. */
const answered = `thank you for ${person.firstName}`;

let service: TestService;
let receiver: Receiver;
let organization: string;
let endpoint: { id: string; secret: string };
beforeAll(async () => {
  service = await startService({ idleAfterMs: 300, addressGraceMs: 100, attemptTimeoutMs: 1_500 });
  receiver = await startReceiver();
  organization = await anOrganization(service.deps);
  endpoint = await anEndpoint(service.deps, organization, receiver.url);
});
afterAll(async () => {
  await service?.stop();
  await receiver?.close();
});

const subjectOf = ({ organizationId, leadId }: LeadEvents) => leadSubject(organizationId, leadId);

/** All runs of a workflow, once the last of them has completed. */
const closedHistories = (workflowId: string, runs: number): Promise<History[]> =>
  eventually(async () => {
    const histories = await historiesOf(service.deps.temporal, workflowId);
    expect(histories).toHaveLength(runs);
    const types = histories.map(({ events }) => events?.at(-1)?.workflowExecutionCompletedEventAttributes);
    expect(types.every((attributes) => attributes !== null && attributes !== undefined)).toBe(true);
    return histories;
  });

/** What must not be readable: the person, where they live, what partners answer, what signs. */
const secrets = (): string[] => [
  ...Object.values(person),
  person.email.slice(person.email.indexOf('@')),
  street,
  answered,
  endpoint.secret,
  endpoint.secret.slice('whsec_'.length),
  'hail of May',
];

function expectUnreadable(history: History): void {
  const bytes = asBytes(history);
  const json = asJson(history);
  for (const word of secrets()) {
    expect(bytes.includes(word)).toBe(false);
    expect(json.includes(word)).toBe(false);
    // Payloads are in base64 in the export: at each of the three ways in which a word can lie in it.
    for (const shift of [0, 1, 2]) {
      const inner = Buffer.from('x'.repeat(shift) + word)
        .toString('base64')
        .slice(shift === 0 ? 0 : 4)
        .slice(0, -4);
      expect(json.includes(inner)).toBe(false);
    }
  }
  expect(bytes.includes(Buffer.from(endpoint.secret.slice('whsec_'.length), 'base64'))).toBe(false);
  for (const { metadata } of payloadsIn(history)) {
    // Search attributes are what the server itself reads.
    expect(['binary/encrypted', 'json/plain']).toContain(Buffer.from(metadata?.encoding ?? []).toString());
  }
}

describe('what Temporal keeps', () => {
  test('of a whole journey, of retries, of a lead that came back: nothing of the person, nothing of the secret', async () => {
    receiver.answer({ body: answered });
    const [whole, back, failing] = [aLead(organization), aLead(organization), aLead(organization)];
    await service.deps.client.publishMany([
      whole.created(),
      whole.details(),
      whole.personal({ enriched: true }),
      whole.contact(),
    ]);
    await service.deps.client.publishMany([back.personal(), back.enrichment()]);
    await Promise.all([settled(service.deps, whole, 4), settled(service.deps, back, 2)]);
    await closedHistories(subjectOf(back), 1);
    await service.deps.client.publish(back.contact());
    await settled(service.deps, back, 3);

    receiver.answer((_request, index) => ({ status: index % 2 === 0 ? 500 : 200, body: answered }));
    await service.deps.client.publishMany([failing.created(), failing.personal({ enriched: true })]);
    await settled(service.deps, failing, 2);

    const histories = [
      ...(await closedHistories(subjectOf(whole), 1)),
      ...(await closedHistories(subjectOf(back), 2)),
      ...(await closedHistories(subjectOf(failing), 1)),
    ];
    for (const history of histories) {
      expectUnreadable(history);
      // To who has the keys it is all there: the search above looked at the right bytes.
      expect(await decodedTexts(history, service.deps.codec)).toContain(person.email);
      expect(await decodedTexts(history, service.deps.codec)).not.toContain(endpoint.secret);
    }
  });

  test("of a widget: its events, encrypted like a lead's", async () => {
    receiver.answer({ body: answered });
    const widget = aWidget(organization);
    await service.deps.client.publishMany([widget.created(), widget.updated('inactive', { object: { name: street } })]);
    const [history] = (await closedHistories(widgetSubject(widget.widgetId), 1)) as [History];
    expectUnreadable(history);
    expect(await decodedTexts(history, service.deps.codec)).toContain('inactive');
  });

  test('of search attributes: ids and statuses only', async () => {
    const lead = aLead(organization);
    await service.deps.client.publishMany([lead.created(), lead.contact()]);
    await settled(service.deps, lead, 2);
    const handle = service.deps.temporal.workflow.getHandle(subjectOf(lead));
    const { searchAttributes, memo } = await eventually(async () => {
      const description = await handle.describe();
      expect(description.searchAttributes).toMatchObject({
        OrganizationId: [organization],
        LeadStatus: ['contact_info_provided'],
        LeadStage: ['waiting_for_enrichment'],
        HasAbandonedDeliveries: [false],
      });
      return description;
    });
    expect(Object.keys(searchAttributes).filter((name) => !name.startsWith('Build'))).toHaveLength(4);
    expect(memo).toEqual({});
    expectUnreadable(await handle.fetchHistory());
  });

  test('of an activity that failed: neither message nor stack', async () => {
    receiver.answer({});
    const id = await anOrganization(service.deps);
    const broken = await anEndpoint(service.deps, id, receiver.url);
    const [sealed] = await service.deps.db.query<{ secret: Buffer }>('select secret from endpoints where id = $1', [
      broken.id,
    ]);
    const lead = aLead(id);
    await service.deps.client.publish(lead.created());
    await settled(service.deps, lead, 1);
    const [delivered] = await deliveriesOf(service.deps, lead);
    // A secret under a key that is gone: our own fault, so no attempt is used up and the activity is repeated.
    await service.deps.db.execute('update endpoints set secret = $2 where id = $1', [broken.id, Buffer.from('broken')]);
    await service.deps.operations.resend(delivered?.id ?? '');
    const handle = service.deps.temporal.workflow.getHandle(`resend/${delivered?.id}`);
    await eventually(async () => {
      const { raw } = await handle.describe();
      expect(raw.pendingActivities?.[0]?.lastFailure).toBeTruthy();
    });
    await service.deps.db.execute('update endpoints set secret = $2 where id = $1', [broken.id, sealed?.secret]);
    await handle.result();
    expect(receiver.requests.at(-1)?.headers['x-spark360-attempt']).toBe('2');

    const [history] = (await closedHistories(`resend/${delivered?.id}`, 1)) as [History];
    const failures = (history.events ?? []).flatMap(
      ({ activityTaskStartedEventAttributes }) => activityTaskStartedEventAttributes?.lastFailure ?? [],
    );
    expect(failures).toMatchObject([{ message: 'Encoded failure', stackTrace: '' }]);
    const { data } = (await service.deps.codec.decode(failures.flatMap(payloadsIn)))[0] ?? {};
    expect(JSON.parse(Buffer.from(data ?? []).toString('utf8'))).toMatchObject({
      message: expect.stringMatching(/./),
      stack_trace: expect.stringContaining('resend'),
    });
  });
});
