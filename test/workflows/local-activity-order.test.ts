import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { createLog } from '../../src/telemetry/log.ts';
import { installRuntime } from '../../src/temporal/runtime.ts';
import { eventually } from '../support/eventually.ts';
import { temporalAddress, uniqueTaskQueue } from '../support/services.ts';
import type { Answers } from './uneven.workflow.ts';

installRuntime(createLog({ logLevel: 'error' }, 'test'));
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

let connection: NativeConnection;
let plainConnection: Connection;
beforeAll(async () => {
  const address = temporalAddress();
  [connection, plainConnection] = await Promise.all([
    NativeConnection.connect({ address }),
    Connection.connect({ address }),
  ]);
});
afterAll(async () => {
  await plainConnection?.close();
  await connection?.close();
});

const activities: Answers = {
  async answer(afterMs, to) {
    await sleep(afterMs);
    return to;
  },
};

/** What the lanes heard as it happened, and what they have heard in the eyes of a worker that reads the run anew. */
async function heardTwice(workflowInterceptorModules: string[]) {
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: here('./uneven.workflow.ts'),
    workflowInterceptorModules,
    logger: new DefaultLogger('WARN'),
  });
  const taskQueue = uniqueTaskQueue();
  const worker = () => Worker.create({ connection, taskQueue, workflowBundle, activities });
  const client = new Client({ connection: plainConnection });
  const handle = await client.workflow.start('uneven', { taskQueue, workflowId: randomUUID() });
  const heard = () => handle.query<string[]>('heard');
  const all = () =>
    eventually(async () => {
      const answers = await heard();
      expect(answers).toHaveLength(6);
      return answers;
    });
  try {
    return { live: await (await worker()).runUntil(all), anew: await (await worker()).runUntil(all) };
  } finally {
    await handle.terminate();
  }
}

test('a run that is read anew gives every lane its own answers, in the order they came', async () => {
  const { live, anew } = await heardTwice([here('../../workflows/local-activity-order.ts')]);
  expect(anew).toEqual(live);
  for (const name of ['a', 'b', 'c']) {
    expect(anew).toContain(`${name} hears ${name}`);
    expect(anew).toContain(`${name} hears ${name} again`);
  }
});

// What that is for. When this fails the SDK gives answers as they came, and the interceptor may go.
test('without it, two lanes get each other’s answers', async () => {
  const { live, anew } = await heardTwice([]);
  expect(live).toEqual(expect.arrayContaining(['a hears a again', 'b hears b again']));
  expect(anew).toEqual(expect.arrayContaining(['a hears b again', 'b hears a again']));
});
