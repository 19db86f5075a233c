import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { Connection } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { leadSubject } from '../../src/domain/ids.ts';
import { eventually } from '../support/eventually.ts';
import { historiesOf } from '../support/histories.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';

/** Long enough for a worker that is asked to have taken something (milliseconds). */
const whileMs = 2_000;
const partitionsMs = 500;

type VersioningInfo = temporal.api.taskqueue.v1.ITaskQueueVersioningInfo;

let service: TestService;
let receiver: Receiver;
let organization: string;
const others: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const other of others.splice(0)) await other.stop();
  await receiver?.close();
  await service?.stop();
});

const preview = 'lead.address_preview';
const rest = ['lead.enriched', 'lead.rental_alert', 'lead.contact_requested'];

/** A service whose worker has this version, or none. */
async function begin(deploymentName: string, buildId?: string): Promise<void> {
  service = await startService({
    retryScheduleMs: Array.from({ length: 60 }, () => 500),
    ...(buildId !== undefined && { workerVersion: { deploymentName, buildId } }),
  });
  receiver = await startReceiver();
  organization = await anOrganization(service.deps);
  await anEndpoint(service.deps, organization, receiver.url);
}

async function another(deploymentName: string, buildId: string): Promise<void> {
  others.push(await service.anotherWorker({ workerVersion: { deploymentName, buildId } }));
}

/** What `temporal worker deployment set-current-version` does; repeated until the version's workers have come. */
async function setCurrent(deploymentName: string, buildId: string): Promise<void> {
  const { workflowService } = service.deps.temporal.connection as Connection;
  await eventually(() => workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId }));
  await knownToTheQueue((info) => (info.currentDeploymentVersion?.buildId ?? '') === buildId);
}

async function setRamping(deploymentName: string, buildId: string, percentage: number): Promise<void> {
  const { workflowService } = service.deps.temporal.connection as Connection;
  const request = { namespace, deploymentName, buildId, percentage };
  await eventually(() => workflowService.setWorkerDeploymentRampingVersion(request));
  await knownToTheQueue((info) => info.rampingVersionPercentage === percentage);
}

/** The queue hears of it a moment later, and its partitions another one. */
async function knownToTheQueue(isSo: (info: VersioningInfo) => boolean): Promise<void> {
  const { workflowService } = service.deps.temporal.connection as Connection;
  await eventually(async () => {
    const taskQueue = { name: service.deps.taskQueue };
    const { versioningInfo } = await workflowService.describeTaskQueue({ namespace, taskQueue, taskQueueType: 1 });
    if (!isSo(versioningInfo ?? {})) throw new Error('the task queue has not heard of it');
  });
  await sleep(partitionsMs);
}

const namespace = 'default';
const uniqueName = (): string => `spark360-${randomUUID()}`;

async function begun(): Promise<LeadEvents> {
  const lead = aLead(organization);
  await service.deps.client.publish(lead.created());
  return lead;
}

const finish = (lead: LeadEvents): Promise<unknown> =>
  service.deps.client.publishMany([lead.personal({ enriched: true }), lead.contact()]);

const arrivedOf = ({ leadId }: LeadEvents): string[] =>
  receiver.requests.flatMap(({ json }) => {
    const { event, data } = json as { event: string; data: { lead_id: string } };
    return data.lead_id === leadId ? [event] : [];
  });
const arrived = (lead: LeadEvents, events: string[]): Promise<void> =>
  eventually(() => expect(arrivedOf(lead)).toEqual(events));

/** A lead's workflow tasks were completed by these versions, in this order; null: a worker without one. */
const wentThrough = (lead: LeadEvents, versions: (string | null)[]): Promise<void> =>
  eventually(async () => expect(await versionsOf(lead)).toEqual(versions));

/** The versions that completed a lead's workflow tasks, in order, each once in a row. */
async function versionsOf({ organizationId, leadId }: LeadEvents): Promise<(string | null)[]> {
  const histories = await historiesOf(service.deps.temporal, leadSubject(organizationId, leadId));
  return histories
    .flatMap(({ events }) => events ?? [])
    .flatMap(({ workflowTaskFailedEventAttributes, workflowTaskCompletedEventAttributes: completed }) => {
      expect(workflowTaskFailedEventAttributes ?? null).toBeNull();
      return completed ? [completed.deploymentVersion?.buildId || null] : [];
    })
    .filter((version, index, all) => version !== all[index - 1]);
}

test('a new version takes nothing until it is made current; then every lead goes on there, and back', async () => {
  const name = uniqueName();
  await begin(name, '1.0.0');
  const first = await begun();
  await sleep(whileMs);
  expect(receiver.requests).toHaveLength(0);
  await setCurrent(name, '1.0.0');
  await arrived(first, [preview]);

  await another(name, '1.1.0');
  const second = await begun();
  await arrived(second, [preview]);
  await sleep(whileMs);
  await finish(second);
  await arrived(second, [preview, ...rest]);
  await wentThrough(second, ['1.0.0']);

  const third = await begun();
  await arrived(third, [preview]);
  await setCurrent(name, '1.1.0');
  await finish(first);
  await arrived(first, [preview, ...rest]);
  await wentThrough(first, ['1.0.0', '1.1.0']);

  await service.deps.client.publish(third.personal({ enriched: true }));
  await arrived(third, [preview, ...rest.slice(0, 2)]);
  await setCurrent(name, '1.0.0');
  await service.deps.client.publish(third.contact());
  await arrived(third, [preview, ...rest]);
  await wentThrough(third, ['1.0.0', '1.1.0', '1.0.0']);
});

test('a lead that waits for its next attempt makes it at the version that became current, and the former may end', async () => {
  const name = uniqueName();
  await begin(name, '1.0.0');
  await setCurrent(name, '1.0.0');
  let isWell = false;
  receiver.answer(() => ({ status: isWell ? 200 : 500 }));
  const lead = await begun();
  await eventually(() => expect(receiver.requests.length).toBeGreaterThan(2));
  await another(name, '1.1.0');
  await setCurrent(name, '1.1.0');
  await service.worker.stop();
  const before = receiver.requests.length;
  await eventually(() => expect(receiver.requests.length).toBeGreaterThan(before + 2));
  isWell = true;
  await finish(lead);
  await eventually(() => expect(arrivedOf(lead)).toEqual(expect.arrayContaining(rest)));
  await wentThrough(lead, ['1.0.0', '1.1.0']);
});

test('a ramp gives the new version its share of the leads', async () => {
  const name = uniqueName();
  await begin(name, '1.0.0');
  await setCurrent(name, '1.0.0');
  await another(name, '1.1.0');
  await setRamping(name, '1.1.0', 50);
  const leads = await Promise.all(Array.from({ length: 30 }, begun));
  for (const lead of leads) await arrived(lead, [preview]);
  await eventually(async () => {
    const versions = (await Promise.all(leads.map(versionsOf))).flat();
    expect(versions).toHaveLength(leads.length);
    expect(new Set(versions)).toEqual(new Set(['1.0.0', '1.1.0']));
  });
});

test('workers without a version go on until the first version is made current, and take over again when none is current and its workers end', async () => {
  const name = uniqueName();
  await begin(name);
  await another(name, '1.0.0');
  const lead = await begun();
  await arrived(lead, [preview]);
  await sleep(whileMs);
  await wentThrough(lead, [null]);
  await setCurrent(name, '1.0.0');
  await service.deps.client.publish(lead.personal({ enriched: true }));
  await arrived(lead, [preview, ...rest.slice(0, 2)]);
  await wentThrough(lead, [null, '1.0.0']);
  await setCurrent(name, '');
  // What that version has cached stays with it as long as its workers run.
  await others.pop()?.stop();
  await service.deps.client.publish(lead.contact());
  await arrived(lead, [preview, ...rest]);
  await wentThrough(lead, [null, '1.0.0', null]);
});
