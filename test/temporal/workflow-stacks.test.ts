import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { leadSubject } from '../../src/domain/ids.ts';
import { startWorker } from '../../src/temporal/worker.ts';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import { anOrganization } from '../support/partners.ts';
import { startService, testBundle, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService({ workflowStacks: true });
});
afterAll(() => service?.stop());

test('a lead says where in the code it waits where stacks are wanted; without them it names no place, and works as well', async () => {
  const { deps, worker } = service;
  const organizationId = await anOrganization(deps);
  const lead = aLead(organizationId);
  await deps.client.publish(lead.created());
  const handle = deps.temporal.workflow.getHandle(leadSubject(organizationId, lead.leadId));
  const stack = () => handle.query<string>('__stack_trace');
  await eventually(async () => expect(await stack()).toMatch(/Lead\.live .*workflows\/lead\.ts:\d+/));

  await worker.stop();
  const without = await startWorker(deps, await testBundle());
  try {
    await deps.client.publish(lead.personal());
    await eventually(async () =>
      expect(await handle.query('state')).toMatchObject({ stage: 'waiting_for_enrichment', unreadSteps: 0 }),
    );
    expect((await stack()).trim()).toBe('Error'); // of a promise, and no place
  } finally {
    await without.stop();
  }
});
