import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { eraseWorkflowId } from '../../src/domain/ids.ts';
import { createLog } from '../../src/log.ts';
import { installRuntime } from '../../src/temporal/runtime.ts';
import { eventually } from '../support/eventually.ts';
import { temporalAddress, uniqueTaskQueue } from '../support/services.ts';

installRuntime(createLog({ logLevel: 'error' }, 'test'));
const workflow = fileURLToPath(new URL('./late-step.workflow.ts', import.meta.url));

let connection: NativeConnection;
let client: Client;
beforeAll(async () => {
  const address = temporalAddress();
  connection = await NativeConnection.connect({ address });
  client = new Client({ connection: await Connection.connect({ address }) });
});
afterAll(async () => {
  await client?.connection.close();
  await connection?.close();
});

test('a step that comes as the eraser of its lead takes its last look is erased too: its history does not stay', async () => {
  const lead = { organizationId: randomUUID(), leadId: randomUUID() };
  const erased: string[] = [];
  const taskQueue = uniqueTaskQueue();
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: workflow,
      workflowInterceptorModules: [workflow],
      logger: new DefaultLogger('WARN'),
    }),
    activities: {
      eraseRows: async () => undefined,
      eraseOutbox: async () => undefined,
      eraseHistories: async ({ leadId }: { leadId: string }) => (erased.push(leadId) === 1 ? 1 : 0),
    },
  });
  // An eraser that runs when the late step asks, and is over before the step's signal reaches it.
  const workflowId = eraseWorkflowId(lead.organizationId, lead.leadId);
  const last = await client.workflow.start('eraseLead', { workflowId, taskQueue: uniqueTaskQueue(), args: [lead] });
  await worker.runUntil(async () => {
    const step = await client.workflow.start('lateStep', { workflowId: randomUUID(), taskQueue, args: [lead] });
    await eventually(async () => {
      const { events } = await step.fetchHistory();
      expect(events?.some((event) => event.startChildWorkflowExecutionFailedEventAttributes)).toBe(true);
    });
    await last.terminate('as if it had ended by itself');
    await step.result();
    await eventually(() => expect(erased).toContain(lead.leadId));
    await client.workflow.getHandle(workflowId).result();
  });
});
