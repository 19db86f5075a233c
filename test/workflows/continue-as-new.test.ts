import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { leadSubject, widgetSubject } from '../../src/domain/ids.ts';
import { stateQuery } from '../../workflows/messages.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { deliveriesOf, settled, stepsOf } from '../support/ledger.ts';
import { isTaken } from '../support/oracle.ts';
import { expectInOrder } from '../support/order.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually, startReceiver } from '../support/receiver.ts';
import { seeded } from '../support/seeded.ts';
import { startService, type TestService } from '../support/service.ts';
import { startTemporalWith } from '../support/temporal-server.ts';
import { aWidget } from '../support/widget-events.ts';

// A real lead never comes near the server's limit of 4,096 events; on this server each gets there every few steps.
const historyLimit = 40;

let temporal: Awaited<ReturnType<typeof startTemporalWith>>;
let service: TestService;
beforeAll(async () => {
  temporal = await startTemporalWith({ 'limit.historyCount.suggestContinueAsNew': historyLimit });
  service = await startService({
    temporalAddress: temporal.address,
    addressGraceMs: 4_000,
    idleAfterMs: 500,
    retryScheduleMs: Array.from({ length: 30 }, () => 20),
  });
});
afterAll(async () => {
  await service?.stop();
  await temporal?.stop();
});

const handleOf = ({ organizationId, leadId }: LeadEvents) =>
  service.deps.temporal.workflow.getHandle(leadSubject(organizationId, leadId));
const runIdOf = async (lead: LeadEvents) => (await handleOf(lead).describe()).runId;

async function runsOf(subject: string): Promise<string[]> {
  const statuses: string[] = [];
  for await (const { status } of service.deps.temporal.workflow.list({ query: `WorkflowId = '${subject}'` })) {
    statuses.push(status.name);
  }
  return statuses;
}

test('steps that never stop coming: each is applied once, each event sent in order and once', async () => {
  const random = seeded(7);
  const receiver = await startReceiver(() => ({ status: random() < 0.3 ? 500 : 200 }));
  const organization = await anOrganization(service.deps);
  await anEndpoint(service.deps, organization, receiver.url);
  const leads = Array.from({ length: 8 }, () => aLead(organization));
  const rounds = 12;
  const everyRound = 5;
  await Promise.all(
    leads.map(async (lead) => {
      for (let round = 0; round < rounds; round += 1) {
        // The journey's own steps come in the middle of many that change nothing.
        const events = [
          ...Array.from({ length: everyRound - 1 }, () => lead.details()),
          round === 2
            ? lead.created()
            : round === 5
              ? lead.contact()
              : round === 8
                ? lead.enrichment()
                : lead.details(),
        ];
        await Promise.all(events.map((event) => service.deps.client.publish(event)));
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    }),
  );
  for (const lead of leads) {
    const steps = await settled(service.deps, lead, rounds * everyRound);
    expect(steps).toHaveLength(rounds * everyRound);
    const own = receiver.requests.filter(({ leadId }) => leadId === lead.leadId);
    expectInOrder(own);
    expect(own.filter(isTaken).map(({ event }) => event)).toEqual([
      'lead.address_preview',
      'lead.enriched',
      'lead.rental_alert',
      'lead.contact_requested',
    ]);
    const runs = await eventually(async () => {
      const statuses = await runsOf(leadSubject(organization, lead.leadId));
      expect(statuses).toContain('COMPLETED');
      return statuses;
    });
    expect(runs.filter((status) => status === 'CONTINUED_AS_NEW').length).toBeGreaterThan(0);
  }
  await receiver.close();
});

/** Steps that change nothing, until the run is about to leave, which takes it a second; gives its run id. */
async function makeItLeave(lead: LeadEvents): Promise<string> {
  for (let count = 0; count < 100; count += 1) {
    await service.deps.client.publish(lead.details());
    const { historyLength, runId } = await handleOf(lead).describe();
    if (historyLength > historyLimit) return runId;
  }
  throw new Error('it does not continue');
}

/** The same, until it runs under another run id: nothing but its own state and timers keeps the next run going. */
async function makeItContinue(lead: LeadEvents): Promise<void> {
  const before = await makeItLeave(lead);
  await eventually(async () => expect(await runIdOf(lead)).not.toBe(before));
}

test('what waits goes on waiting: the grace ends in the next run, and nothing but time makes it', async () => {
  const receiver = await startReceiver();
  const organization = await anOrganization(service.deps);
  await anEndpoint(service.deps, organization, receiver.url);
  const lead = aLead(organization);
  await service.deps.client.publish(lead.personal({ enriched: true }));
  await makeItContinue(lead);
  expect(receiver.requests).toHaveLength(0);
  await eventually(() => expect(receiver.eventNames()).toEqual(['lead.enriched', 'lead.rental_alert']));
  // Nothing is left to do: the idle timer, too, runs in the next run.
  await eventually(async () => expect((await handleOf(lead).describe()).status.name).toBe('COMPLETED'));
  await receiver.close();
});

test('what it is found by, and how long its tasks may take, stay', async () => {
  const organization = await anOrganization(service.deps);
  const lead = aLead(organization);
  await service.deps.client.publishMany([lead.created(), lead.contact()]);
  await settled(service.deps, lead, 2);
  await makeItContinue(lead);
  const description = await handleOf(lead).describe();
  expect(description.searchAttributes).toMatchObject({
    OrganizationId: [organization],
    LeadStatus: ['contact_info_provided'],
    LeadStage: ['waiting_for_enrichment'],
    HasAbandonedDeliveries: [false],
  });
  expect(Number(description.raw.executionConfig?.defaultWorkflowTaskTimeout?.seconds)).toBe(10);
  expect(await handleOf(lead).query(stateQuery)).toMatchObject({ stage: 'waiting_for_enrichment' });
});

test('a held lane wakes, also when it is told in the moment of continuing', async () => {
  const receiver = await startReceiver();
  const organization = await anOrganization(service.deps);
  const endpoint = await anEndpoint(service.deps, organization, receiver.url);
  await service.deps.activityDeps.endpointStatus.pause(endpoint.id);
  const lead = aLead(organization);
  await service.deps.client.publish(lead.created());
  await eventually(async () =>
    expect((await deliveriesOf(service.deps, lead)).map(({ status }) => status)).toEqual(['held']),
  );
  await eventually(async () =>
    expect((await handleOf(lead).query(stateQuery)).lanes[0]?.queue[0]).toMatchObject({ waitsFor: 'resume' }),
  );
  // The wake comes in the second that leaving takes.
  const before = await makeItLeave(lead);
  await service.deps.db.execute(`update endpoints set status = 'active', paused_reason = null where id = $1`, [
    endpoint.id,
  ]);
  await handleOf(lead).signal('wake', { endpointId: endpoint.id });
  await settled(service.deps, lead, 2);
  expect(receiver.eventNames()).toEqual(['lead.address_preview']);
  expect(await runIdOf(lead)).not.toBe(before);
  await receiver.close();
});

test('a burst of steps larger than a payload may be: nothing is lost, nothing is stuck', async () => {
  const receiver = await startReceiver();
  const organization = await anOrganization(service.deps);
  await anEndpoint(service.deps, organization, receiver.url);
  const lead = aLead(organization);
  const large = { roofProjectDetails: { details: 'x'.repeat(200_000) } };
  const steps = Array.from({ length: 30 }, () => lead.details(large));
  await service.deps.client.publish(lead.created());
  await Promise.all(steps.map((step) => service.deps.client.publish(step)));
  await settled(service.deps, lead, 31);
  await service.deps.client.publish(lead.personal({ enriched: true }));
  await settled(service.deps, lead, 32);
  expect(receiver.eventNames()).toEqual(['lead.address_preview', 'lead.enriched', 'lead.rental_alert']);
  await receiver.close();
});

test("a widget's events, past many runs: in order, each once", async () => {
  const receiver = await startReceiver();
  const organization = await anOrganization(service.deps);
  await anEndpoint(service.deps, organization, receiver.url);
  const widget = aWidget(organization);
  await service.deps.client.publish(widget.created('active'));
  const count = 60;
  for (let index = 0; index < count; index += 1) {
    await service.deps.client.publish(widget.updated(index % 2 === 0 ? 'inactive' : 'active'));
  }
  await eventually(() => expect(receiver.requests).toHaveLength(count));
  expect(receiver.requests.map(({ headers }) => Number(headers['x-spark360-sequence']))).toEqual(
    Array.from({ length: count }, (_, index) => index + 1),
  );
  expect(
    (await stepsOf(service.deps, widgetSubject(widget.widgetId))).every(({ outcome }) => outcome === 'applied'),
  ).toBe(true);
  await eventually(async () => {
    const runs = await runsOf(widgetSubject(widget.widgetId));
    expect(runs).toContain('CONTINUED_AS_NEW');
    expect(runs).toContain('COMPLETED');
  });
  await receiver.close();
});
