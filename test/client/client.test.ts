import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type BackendClient,
  type BackendEvent,
  connect,
  InvalidEventError,
  NotPublishedError,
} from '../../src/client.ts';
import { leadSubject } from '../../src/domain/ids.ts';
import { aLead, type InboundEvent } from '../support/lead-events.ts';
import { settled } from '../support/ledger.ts';
import { eventually } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { temporalAddress } from '../support/services.ts';
import { aPartner, type Partner, wholeJourney } from '../outbox/backend.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let service: TestService;
let partner: Partner;
let network: TcpProxy;
let client: BackendClient;

const connectBy = (address: string, retryForMs?: number): Promise<BackendClient> =>
  connect({
    address,
    namespace: 'default',
    encryptionKeys: service.deps.config.encryptionKeys,
    taskQueue: service.deps.taskQueue,
    ...(retryForMs !== undefined && { retryForMs }),
  });

beforeAll(async () => {
  service = await startService();
  partner = await aPartner(service.deps);
  network = await startTcpProxy(temporalAddress());
  client = await connectBy(network.address);
});
afterAll(async () => {
  await client?.close();
  await network?.close();
  await partner?.receiver.close();
  await service?.stop();
});

/** The builders of the tests make what the type describes, under a wider type. */
const typed = (event: InboundEvent): BackendEvent => event as unknown as BackendEvent;
const newLead = () => aLead(partner.organizationId);

test('publish resolves with the id and the workflow, and a repeat changes nothing', async () => {
  const lead = newLead();
  const created = lead.created();
  const workflowId = leadSubject(lead.organizationId, lead.leadId);
  expect(await client.publish(typed(created))).toEqual({ id: created.id, workflowId });
  expect(await client.publish(typed(created))).toEqual({ id: created.id, workflowId });
  await settled(service.deps, lead, 1);
  expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']);
});

test('publishMany takes several leads side by side, and each in array order', async () => {
  const [one, other] = [newLead(), newLead()];
  const events = [
    one.created(),
    other.created(),
    one.details(),
    one.personal({ enriched: true }),
    other.personal({ enriched: true }),
    one.contact(),
  ];
  const published = await client.publishMany(events.map(typed));
  expect(published.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  await eventually(() => expect(partner.eventsOf(one.leadId)).toEqual(wholeJourney));
  const handle = service.deps.temporal.workflow.getHandle(leadSubject(one.organizationId, one.leadId));
  const signals = ((await handle.fetchHistory()).events ?? []).flatMap(
    (event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? [],
  );
  expect(signals).toEqual(['address', 'details', 'enrichment', 'contact']);
});

test("a lead's state is all its workflow knows; without one it is null", async () => {
  const lead = newLead();
  await client.publish(typed(lead.created()));
  await settled(service.deps, lead, 1);
  const state = await client.lead(lead.organizationId, lead.leadId).state();
  expect(state).toMatchObject({ stage: 'waiting_for_details', leadStatus: 'address_info_provided', unreadSteps: 0 });
  expect(await client.lead(lead.organizationId, randomUUID()).state()).toBeNull();
});

test('wrong fields are named, in an array with their place, and nothing of it is applied', async () => {
  const lead = newLead();
  const broken = typed({ ...lead.details(), timestamp: 'yesterday' });
  await expect(client.publish(broken)).rejects.toThrow('timestamp: expected ISO 8601 UTC timestamp');
  const ahead = typed({ ...lead.details(), timestamp: new Date(Date.now() + 25 * 3_600_000).toISOString() });
  await expect(client.publish(ahead)).rejects.toThrow('timestamp: expected timestamp at most 24 h ahead of now');
  const rounded = typed(lead.details({ roofEstimate: { costMax: 2 ** 53 } }));
  await expect(client.publish(rounded)).rejects.toThrow('data.object.roofEstimate.costMax: expected number from');
  const many = client.publishMany([typed(lead.created()), broken]);
  await expect(many).rejects.toThrow(InvalidEventError);
  await expect(many).rejects.toThrow('[1].timestamp: expected ISO 8601 UTC timestamp');
  await sleep(300);
  expect(await client.lead(lead.organizationId, lead.leadId).state()).toBeNull();
});

test('while Temporal is away an event is repeated with its id, and published once it is back', async () => {
  const lead = newLead();
  network.cut();
  const publishing = client.publish(typed(lead.created()));
  await sleep(6_500); // longer than one signal is tried
  network.mend();
  expect(await publishing).toMatchObject({ workflowId: leadSubject(lead.organizationId, lead.leadId) });
  await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']));
});

test('when Temporal does not come back in time the error names the id, what is durable, and no person', async () => {
  const impatient = await connectBy(network.address, 1_000);
  const [lead, other] = [newLead(), newLead()];
  const { id } = await impatient.publish(typed(lead.created()));
  network.stall();
  const [details, created] = [lead.details(), other.created()];
  const error = await impatient.publishMany([details, created].map(typed)).catch((reason: unknown) => reason);
  network.mend();
  expect(error).toBeInstanceOf(NotPublishedError);
  expect([details.id, created.id]).toContain((error as NotPublishedError).id);
  expect((error as NotPublishedError).published).toEqual([]);
  expect((error as Error).message).toContain('publish it again with the same id');
  expect((error as Error).message).not.toContain(id);
  await impatient.close();
});

test('a client closed while Temporal is away rejects what it was repeating, and throws nowhere else', async () => {
  const leaving = await connectBy(network.address);
  network.cut();
  const created = newLead().created();
  const publishing = leaving.publish(typed(created)).catch((reason: unknown) => reason);
  await sleep(1_000);
  await leaving.close();
  const error = await publishing;
  network.mend();
  expect(error).toBeInstanceOf(NotPublishedError);
  expect((error as NotPublishedError).id).toBe(created.id);
  await expect(leaving.publish(typed(created))).rejects.toThrow(NotPublishedError);
});
