import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from '@jest/globals';
import { createSender } from '../../src/webhooks/send.ts';
import { startDns } from './support/dns-stub.ts';
import { startTcp } from './support/servers.ts';
import { bytesReceiver, closeAll, opened, receiver, sending, to } from './support/sending.ts';

afterEach(closeAll);

test('POSTs the frozen bytes and headers to the path and query of the URL', async () => {
  let seen: unknown;
  const server = await receiver((request, response) => {
    const { method, url, headers } = request;
    void text(request).then((body) => {
      seen = { method, url, host: headers.host, type: headers['content-type'], a: headers['x-a'], body };
      response.writeHead(202, { 'retry-after': '7' }).end('thanks');
    });
  });
  const headers = { 'content-type': 'application/json', 'X-A': '1' };
  const body = '{ "name":"Zoë 🏠" }';
  const result = await sending().send({ ...to(server, '/hook/%C3%BC?a=b%20c#part'), headers, body });
  expect(result).toEqual({
    statusCode: 202,
    responseBody: 'thanks',
    retryAfter: '7',
    error: null,
    durationMs: expect.any(Number),
  });
  const host = `127.0.0.1:${server.port}`;
  expect(seen).toEqual({ method: 'POST', url: '/hook/%C3%BC?a=b%20c', host, type: 'application/json', a: '1', body });
  expect(Number.isInteger(result.durationMs)).toBe(true);
});

test('a connection is kept and used again', async () => {
  const server = await receiver((_, response) => response.end('ok'));
  const sender = sending();
  for (let count = 0; count < 5; count += 1) await sender.send(to(server));
  expect(server.connections).toBe(1);
});

test('a connection the receiver closed while it was idle is replaced', async () => {
  const server = await receiver((_, response) => response.setHeader('connection', 'close').end('ok'));
  const sender = sending();
  const results = [await sender.send(to(server)), await sender.send(to(server))];
  expect(results.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
});

test.each([301, 302, 303, 307, 308])('a redirect is an answer, not followed: %i', async (status) => {
  let requests = 0;
  const server = await receiver((_, response) => {
    requests += 1;
    response.writeHead(status, { location: '/elsewhere' }).end();
  });
  expect(await sending().send(to(server))).toMatchObject({ statusCode: status, error: null });
  expect(requests).toBe(1);
});

test.each([204, 304, 404, 500, 503])('whatever the status, it is a result: %i', async (status) => {
  const server = await receiver((_, response) => response.writeHead(status).end());
  expect(await sending().send(to(server))).toMatchObject({ statusCode: status, responseBody: '', error: null });
});

test('an HTTP/1.0 answer that ends with its connection is read to its end', async () => {
  const server = opened(
    await startTcp((socket) => socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'))),
  );
  expect(await sending().send(to(server))).toMatchObject({ statusCode: 200, responseBody: 'all of it', error: null });
});

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

/** A partner on a thread of its own, which goes on while this one stands still. `answer` is JavaScript with `response`. */
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
 * Stands still as a stopped or starved process does: no timer, no byte. In an immediate, since what comes next are timers:
 * from a timer the loop goes on with what it has to read.
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

test.each([
  ['refused', async () => ({ port: 1 }), 'connect', 'The connection was refused.'],
  [
    'closed without an answer',
    async () => opened(await startTcp((socket) => socket.once('data', () => socket.end()))),
    'connect',
    'The connection was closed before a response arrived.',
  ],
  [
    'reset',
    async () => opened(await startTcp((socket) => socket.once('data', () => socket.resetAndDestroy()))),
    'connect',
    'The connection was closed before a response arrived.',
  ],
  ['no HTTP', () => bytesReceiver('SSH-2.0-OpenSSH_9.6\r\n'), 'protocol', /^The answer is not a valid HTTP response/],
  ['no status in its first line', () => bytesReceiver('HTTP/1.1 OK\r\n\r\n'), 'protocol', /^The answer is not/],
])('a receiver at fault is a result with a class and a sentence: %s', async (_, start, errorClass, message) => {
  const server = await start();
  const { statusCode, error } = await sending().send(to(server, '/?token=hunter2'));
  expect(statusCode).toBeNull();
  expect(error?.class).toBe(errorClass);
  expect(error?.message).toMatch(message);
  expect(error?.message).not.toMatch(/hunter2|127\.0\.0\.1/);
});

test('switching protocols is not an answer to a POST', async () => {
  const server = await bytesReceiver('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n');
  const { statusCode, error } = await sending({ timeoutMs: 500 }).send(to(server));
  expect(statusCode).toBeNull();
  expect(error).not.toBeNull();
});

test('a name that does not exist is a DNS failure', async () => {
  const dns = opened(await startDns(() => null));
  const { error } = await sending({ resolve: dns.resolve }).send({ ...to({ port: 1 }), url: 'https://nobody.test/' });
  expect(error).toEqual({ class: 'dns', message: 'The host name does not resolve.' });
});

test('many deliveries to one new name ask for it once', async () => {
  const dns = opened(await startDns(() => ['127.0.0.1']));
  const server = await receiver((_, response) => response.end());
  const sender = sending({ resolve: dns.resolve });
  const url = `http://partner.test:${server.port}/`;
  const results = await Promise.all(Array.from({ length: 20 }, () => sender.send({ ...to(server), url })));
  expect(results.every(({ statusCode }) => statusCode === 200)).toBe(true);
  expect(dns.questions.filter((question) => question.startsWith('A '))).toHaveLength(1);
});

test('a slow endpoint delays no other, not even one on the same host', async () => {
  const server = await receiver((request, response) => {
    if (request.url !== '/slow') response.end('fast');
  });
  const sender = sending({ timeoutMs: 1_500, maxOpen: 2 });
  const slow = Array.from({ length: 10 }, () => sender.send(to(server, '/slow')));
  const fast = await Promise.all(Array.from({ length: 10 }, () => sender.send(to(server, '/fast'))));
  expect(Math.max(...fast.map(({ durationMs }) => durationMs))).toBeLessThan(1_000);
  expect((await Promise.all(slow)).every(({ error }) => error?.class === 'timeout')).toBe(true);
});

test('one endpoint gets a bounded number of requests at a time, the others follow in order', async () => {
  let [now, most] = [0, 0];
  const order: string[] = [];
  const server = await receiver((request, response) => {
    order.push(request.headers['x-n'] as string);
    now += 1;
    most = Math.max(most, now);
    setTimeout(() => {
      now -= 1;
      response.end();
    }, 20);
  });
  const sender = sending({ maxOpen: 3 });
  const numbers = Array.from({ length: 12 }, (_, number) => String(number));
  await Promise.all(numbers.map((number) => sender.send({ ...to(server), headers: { 'x-n': number } })));
  expect(most).toBe(3);
  expect(order.toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers);
  expect(server.connections).toBe(3);
});

test('what expired while it waited for its turn is never sent', async () => {
  const seen: (string | undefined)[] = [];
  const server = await receiver((request) => seen.push(request.headers['x-n'] as string));
  const sender = sending({ maxOpen: 1, timeoutMs: 800 });
  const send = (number: string) => sender.send({ ...to(server), headers: { 'x-n': number } });
  // The place of the first is free at the very moment in which all time out: a few of many may still slip in then.
  const results = await Promise.all(['1', '2', '3', '4', '5', '6'].map(send));
  await sleep(200);
  const messages = results.map(({ error }) => error?.message);
  expect(messages[0]).toBe('No response within 0.8 s.');
  expect(messages.at(-1)).toBe('No connection within 0.8 s.');
  expect(seen).not.toContain('6');
});

test('after failures an endpoint that is well again is reached', async () => {
  let mode: 'hang' | 'ok' = 'hang';
  const server = await receiver((_, response) => {
    if (mode === 'ok') response.end('ok');
  });
  const sender = sending({ timeoutMs: 1_000 });
  await Promise.all(Array.from({ length: 20 }, () => sender.send(to(server))));
  mode = 'ok';
  const results = await Promise.all(Array.from({ length: 20 }, () => sender.send(to(server))));
  expect(results.every(({ statusCode }) => statusCode === 200)).toBe(true);
});

test('closing waits for what is under way', async () => {
  const server = await receiver((_, response) => void sleep(200).then(() => response.end('done')));
  const sender = createSender({ allowLoopback: true, timeoutMs: 3_000 });
  const result = sender.send(to(server));
  await sender.close();
  expect(await result).toMatchObject({ statusCode: 200, responseBody: 'done' });
});
