import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker';
import { traceHeader } from '../../src/domain/trace-header.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { installRuntime } from '../../src/temporal/runtime.ts';
import { temporalAddress, uniqueTaskQueue } from '../support/services.ts';

installRuntime(createLog({ logLevel: 'error' }, 'test'));
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const bundle = (workflowInterceptorModules: string[]) =>
  bundleWorkflowCode({
    workflowsPath: here('./racing.workflow.ts'),
    workflowInterceptorModules,
    logger: new DefaultLogger('WARN'),
  });

let connection: NativeConnection;
let plainConnection: Connection;
let bundles: { with: WorkflowBundle; without: WorkflowBundle };
beforeAll(async () => {
  const address = temporalAddress();
  [connection, plainConnection] = await Promise.all([
    NativeConnection.connect({ address }),
    Connection.connect({ address }),
  ]);
  bundles = { with: await bundle([here('../../workflows/trace-context.ts')]), without: await bundle([]) };
});
afterAll(async () => {
  await plainConnection?.close();
  await connection?.close();
});

/** A history in which an activity's answer and a timer came to the workflow in one task: no worker was there when they did. */
async function recorded(workflowBundle: WorkflowBundle, isTraced: boolean) {
  const taskQueue = uniqueTaskQueue();
  const traceparent = defaultPayloadConverter.toPayload([`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`]);
  const client = new Client({
    connection: plainConnection,
    interceptors: {
      workflow: [
        {
          startWithDetails: (input, next) =>
            next(isTraced ? { ...input, headers: { [traceHeader]: traceparent } } : input),
        },
      ],
    },
  });
  const worker = () => Worker.create({ connection, taskQueue, workflowBundle, maxCachedWorkflows: 0 });
  const handle = await client.workflow.start('racing', { taskQueue, workflowId: randomUUID() });
  await (await worker()).runUntil(sleep(300));
  const activities = await Worker.create({
    connection,
    taskQueue: `${taskQueue}-slow`,
    activities: { answer: async () => undefined },
  });
  await activities.runUntil(async () => {
    await sleep(1_200);
    await (await worker()).runUntil(handle.result());
  });
  const history = await handle.fetchHistory();
  expect(JSON.stringify(history).split(traceHeader).length - 1).toBe(
    isTraced && workflowBundle === bundles.with ? 3 : Number(isTraced),
  );
  return { history, workflowId: handle.workflowId };
}

test.each([
  ['without', false],
  ['without', true],
  ['with', false],
  ['with', true],
] as const)(
  'what an activity and a timer lead to keeps its order: recorded %s the interceptor, traced %s, it replays with and without',
  async (kind, isTraced) => {
    const { history, workflowId } = await recorded(bundles[kind], isTraced);
    for (const workflowBundle of Object.values(bundles))
      await Worker.runReplayHistory({ workflowBundle, replayName: randomUUID() }, history, workflowId);
  },
);
