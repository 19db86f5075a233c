import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
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

test('closing waits for what is under way', async () => {
  const server = await receiver((_, response) => void sleep(200).then(() => response.end('done')));
  const sender = createSender({ allowLoopback: true, timeoutMs: 3_000 });
  const result = sender.send(to(server));
  await sender.close();
  expect(await result).toMatchObject({ statusCode: 200, responseBody: 'done' });
});
