import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { closeAll, receiver, sending, to } from './support/sending.ts';

afterEach(closeAll);

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
