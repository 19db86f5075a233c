import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { AttemptResult } from '../../src/domain/outcome.ts';
import { eventually } from '../support/eventually.ts';
import { closeAll, opened, type RawRequest, scriptedReceiver, sending, to } from './support/sending.ts';
import { startTcp } from './support/servers.ts';

afterEach(closeAll);

const answer = (status: number, body = 'ok'): string =>
  `HTTP/1.1 ${status} X\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const statuses = (results: AttemptResult[]) => results.map(({ statusCode, error }) => statusCode ?? error?.message);

/** Requests one after the other. */
async function inTurn(port: number, count: number): Promise<AttemptResult[]> {
  const sender = sending();
  const results: AttemptResult[] = [];
  for (let number = 0; number < count; number += 1) {
    results.push(await sender.send(to({ port })));
  }
  return results;
}

describe('a kept connection that the partner closes costs no attempt', () => {
  test.each<[string, (request: RawRequest) => void]>([
    ['closed', ({ socket }) => socket.end()],
    ['reset', ({ socket }) => socket.resetAndDestroy()],
    ['destroyed', ({ socket }) => socket.destroy()],
    ['closed after a while', ({ socket }) => setTimeout(() => socket.destroy(), 100)],
  ])('%s as the next request goes out: made again at once, on a new one', async (_, close) => {
    const server = await scriptedReceiver((request) => {
      if (request.number === 1) request.socket.write(answer(200));
      else close(request);
    });
    expect(statuses(await inTurn(server.port, 4))).toEqual([200, 200, 200, 200]);
    expect(server.connections).toBe(4);
  });

  test('idle sockets are closed after 150 ms: 40 events at every moment around it, none is lost', async () => {
    const server = await scriptedReceiver(({ socket }) => {
      socket.write(answer(200));
      socket.setTimeout(150, () => socket.destroy());
    });
    const sender = sending();
    for (let number = 0; number < 40; number += 1) {
      expect(await sender.send(to(server))).toMatchObject({ statusCode: 200, error: null });
      await sleep(145 + (number % 12));
    }
  });

  test('several at once, each on a connection that is closed', async () => {
    const server = await scriptedReceiver(({ socket, number }) => {
      if (number === 1) setTimeout(() => socket.write(answer(200)), 50);
      else socket.destroy();
    });
    const sender = sending();
    const five = () => Promise.all(Array.from({ length: 5 }, () => sender.send(to(server))));
    expect(statuses(await five())).toEqual([200, 200, 200, 200, 200]);
    expect(statuses(await five())).toEqual([200, 200, 200, 200, 200]);
    expect(server.connections).toBe(10);
  });

  test('once: a new connection that is closed too is a failure', async () => {
    let requests = 0;
    const server = await scriptedReceiver(({ socket }) => {
      requests += 1;
      if (requests === 1) socket.write(answer(200));
      else socket.destroy();
    });
    const closed = 'The connection was closed before a response arrived.';
    expect(statuses(await inTurn(server.port, 2))).toEqual([200, closed]);
    expect(requests).toBe(3);
  });

  test('not where a byte of an answer came', async () => {
    let requests = 0;
    const server = await scriptedReceiver(({ socket, number }) => {
      requests += 1;
      if (number === 1) socket.write(answer(200));
      else socket.end('H');
    });
    expect((await inTurn(server.port, 2))[1]).toMatchObject({ statusCode: null, error: { class: 'connect' } });
    expect(requests).toBe(2);
  });

  test('not on a first connection', async () => {
    let requests = 0;
    const server = await scriptedReceiver(({ socket }) => {
      requests += 1;
      socket.destroy();
    });
    expect((await sending().send(to(server))).error?.class).toBe('connect');
    expect(requests).toBe(1);
  });

  test('within the timeout of the one attempt', async () => {
    const server = await scriptedReceiver(({ socket, number, connection }) => {
      if (number === 1 && connection === 1) socket.write(answer(200));
      else if (number === 2) setTimeout(() => socket.destroy(), 300);
    });
    const sender = sending({ timeoutMs: 600 });
    await sender.send(to(server));
    const { error, durationMs } = await sender.send(to(server));
    expect(error?.message).toBe('No response within 0.6 s.');
    expect(durationMs).toBeLessThan(900);
  });
});

describe('bytes nobody asked for are never the answer of the next request', () => {
  const surplus = answer(500, 'not yours');
  test.each([
    ['a second answer in one piece with the first', surplus, null],
    ['a second answer a moment later', surplus, 2],
    ['a second answer, later', surplus, 30],
    ['a late interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n', 10],
    ['the beginning of an answer', 'HTTP/1.1 5', 10],
    ['an empty line', '\r\n', 10],
    ['something else', 'x', 10],
    ['a body longer than it was said to be', 'more', null],
  ])('%s', async (_, bytes, afterMs) => {
    const server = await scriptedReceiver(({ socket }) => {
      if (afterMs === null) socket.write(answer(200) + bytes);
      else socket.write(answer(200), () => setTimeout(() => socket.write(bytes), afterMs));
    });
    for (let round = 1; round <= 6; round += 1) {
      const sender = sending();
      expect(await sender.send(to(server))).toMatchObject({ statusCode: 200, responseBody: 'ok' });
      await eventually(() => expect(server.closed).toBe(server.connections));
      expect(await sender.send(to(server))).toMatchObject({ statusCode: 200, responseBody: 'ok' });
      expect(server.connections).toBe(2 * round);
    }
  });

  test('noticed once, each request has a connection of its own: nothing can come between a request and its answer', async () => {
    const server = await scriptedReceiver(({ socket }) =>
      socket.write(answer(200), () => setTimeout(() => socket.write(surplus), 1)),
    );
    const sender = sending();
    await sender.send(to(server));
    await eventually(() => expect(server.closed).toBe(1));
    for (let number = 0; number < 100; number += 1) {
      expect(await sender.send(to(server))).toMatchObject({ statusCode: 200, responseBody: 'ok' });
    }
    expect(server.connections).toBe(101);
  });

  test('what is left of a long body is not such bytes: short answers are kept as before', async () => {
    const server = await scriptedReceiver(({ socket, connection }) =>
      socket.write(answer(200, connection === 1 ? 'x'.repeat(1_000_000) : 'ok')),
    );
    const sender = sending();
    for (let number = 0; number < 4; number += 1) {
      expect(await sender.send(to(server))).toMatchObject({ statusCode: 200, error: null });
    }
    expect(server.connections).toBe(2);
  });

  test('they came while this process stood still, right before the next request', async () => {
    // On a thread of its own, which goes on meanwhile.
    const thread = new Worker(
      `const { createServer } = require('node:net');
      const answer = (status) => 'HTTP/1.1 ' + status + ' X\\r\\ncontent-length: 0\\r\\n\\r\\n';
      const server = createServer((socket) => socket.on('error', () => {}).once('data', () => {
        socket.write(answer(200));
        setTimeout(() => socket.write(answer(500)), 10);
        socket.on('data', () => socket.write(answer(200)));
      }));
      server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));`,
      { eval: true },
    );
    opened({ close: async () => void (await thread.terminate()) });
    const [port] = (await once(thread, 'message')) as [number];
    for (let round = 0; round < 12; round += 1) {
      const sender = sending();
      expect((await sender.send(to({ port }))).statusCode).toBe(200);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40);
      expect((await sender.send(to({ port }))).statusCode).toBe(200);
    }
  });

  test('an answer that comes before the whole request was read: it counts, and the connection is not used again', async () => {
    const body = JSON.stringify({ filler: 'x'.repeat(8_000_000) });
    const server = opened(await startTcp((socket) => socket.once('data', () => socket.pause().write(answer(202)))));
    const sender = sending();
    for (let number = 1; number <= 2; number += 1) {
      expect(await sender.send({ ...to(server), body })).toMatchObject({ statusCode: 202, error: null });
      expect(server.connections).toBe(number);
    }
  });
});
