import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from '@jest/globals';
import { startDns } from './support/dns-stub.ts';
import { startTcp } from './support/servers.ts';
import { closeAll, opened, receiver, sending, to } from './support/sending.ts';

afterEach(closeAll);

test('no headers within the timeout is a timeout, and the connection is closed', async () => {
  let closed = false;
  const server = await receiver((_, response) => {
    response.on('close', () => {
      closed = true;
    });
  });
  const result = await sending({ timeoutMs: 800 }).send(to(server));
  const error = { class: 'timeout', message: 'No response within 0.8 s.' };
  expect(result).toMatchObject({ statusCode: null, responseBody: null, retryAfter: null, error });
  expect(result.durationMs).toBeGreaterThanOrEqual(795);
  expect(result.durationMs).toBeLessThan(2_500);
  await sleep(100);
  expect(closed).toBe(true);
});

/**
 * A partner on a thread of its own, which goes on while this one stands still. `answer` is JavaScript with `response`.
 */
async function elsewhere(answer: string): Promise<{ port: number }> {
  const thread = new Worker(
    `const server = require('node:http').createServer((request, response) => { ${answer} });
    server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  opened({ close: async () => void (await thread.terminate()) });
  const [port] = (await once(thread, 'message')) as [number];
  return { port };
}

/**
 * Stands still as a stopped or starved process does: no timer, no byte. In an immediate, since what comes next are
 * timers: from a timer the loop goes on with what it has to read.
 */
const standStill = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(() => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      resolve();
    });
  });

test.each([
  ['came while this process stood still', 200],
  ['comes as soon as the partner goes on too, whose machine stood still with ours,', 1_200],
])('an answer that %s is no timeout', async (_, afterMs) => {
  const partner = await elsewhere(`setTimeout(() => response.writeHead(204).end(), ${afterMs})`);
  const sent = sending({ timeoutMs: 500 }).send(to(partner));
  await sleep(100);
  await standStill(800);
  expect(await sent).toMatchObject({ statusCode: 204, error: null });
});

test('after a standstill without an answer it is a timeout, a second later', async () => {
  const partner = await elsewhere('');
  const sent = sending({ timeoutMs: 500 }).send(to(partner));
  await sleep(100);
  await standStill(800);
  const { error, durationMs } = await sent;
  expect(error?.class).toBe('timeout');
  expect(durationMs).toBeGreaterThanOrEqual(1_800);
});

test('a secure connection that never comes about is a timeout', async () => {
  const server = opened(await startTcp(() => {}));
  const url = `https://127.0.0.1:${server.port}/`;
  const { error, durationMs } = await sending({ timeoutMs: 400 }).send({ ...to(server), url });
  expect(error).toEqual({ class: 'timeout', message: 'No connection within 0.4 s.' });
  expect(durationMs).toBeLessThan(2_500);
});

test('a name server that says nothing is a timeout', async () => {
  const dns = opened(await startDns(() => 'silent'));
  const { error, durationMs } = await sending({ timeoutMs: 400, resolve: dns.resolve }).send({
    ...to({ port: 1 }),
    url: 'https://silent.test/',
  });
  expect(error).toEqual({ class: 'timeout', message: 'No connection within 0.4 s.' });
  expect(durationMs).toBeLessThan(2_500);
});
