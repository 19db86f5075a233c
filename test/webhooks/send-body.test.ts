import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { closeAll, receiver, sending, to } from './support/sending.ts';

afterEach(closeAll);

const answering = (body: Buffer | string, headers = {}) =>
  receiver((_, response) => response.writeHead(200, headers).end(body));

test.each([
  ['4096 bytes stay', 'a'.repeat(4_096), 'a'.repeat(4_096)],
  ['4097 bytes are cut', 'a'.repeat(4_097), 'a'.repeat(4_096)],
  ['a character across the cut goes', `${'a'.repeat(4_095)}é…`, 'a'.repeat(4_095)],
  ['four bytes across the cut go', `${'a'.repeat(4_093)}🏠`, 'a'.repeat(4_093)],
  ['whole characters before the cut stay', `${'a'.repeat(4_092)}🏠b`, `${'a'.repeat(4_092)}🏠`],
  ['bytes that are no UTF-8 are replaced', Buffer.from([0x61, 0xff, 0x62]), 'a\ufffdb'],
  ['an incomplete character at the end is replaced', Buffer.from([0x61, 0xc3]), 'a\ufffd'],
  ['NUL is removed', 'a\0b\0', 'ab'],
  ['nothing is an empty text', '', ''],
])('the body: %s', async (_, sent, expected) => {
  const server = await answering(sent);
  expect((await sending().send(to(server))).responseBody).toBe(expected);
});

test('the body: replacement characters do not make it longer than 4096 bytes', async () => {
  const server = await answering(Buffer.alloc(10_000, 0xff));
  const { responseBody } = await sending().send(to(server));
  expect(responseBody).toBe('\ufffd'.repeat(1_365));
});

test('a compressed body is not decompressed', async () => {
  const bomb = gzipSync(Buffer.alloc(10_000_000));
  const server = await answering(bomb, { 'content-encoding': 'gzip' });
  const { statusCode, responseBody } = await sending().send(to(server));
  expect(statusCode).toBe(200);
  expect(Buffer.byteLength(responseBody ?? '')).toBeLessThanOrEqual(4_096);
});

test('an endless body is left after 4 KB, and its connection closed', async () => {
  let closed = false;
  const server = await receiver((_, response) => {
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      response.once('drain', write);
    };
    response.on('close', () => {
      closed = true;
    });
    write();
  });
  const result = await sending().send(to(server));
  expect(result).toMatchObject({ statusCode: 200, responseBody: 'x'.repeat(4_096), error: null });
  expect(result.durationMs).toBeLessThan(900);
  await sleep(100);
  expect(closed).toBe(true);
});

test.each([200, 500])('a body that drips is left after a second: %i stands', async (status) => {
  const server = await receiver((_, response) => {
    response.writeHead(status);
    const timer = setInterval(() => response.write('.'), 50);
    response.on('close', () => clearInterval(timer));
  });
  const result = await sending().send(to(server));
  expect(result).toMatchObject({ statusCode: status, error: null });
  expect(result.responseBody).toMatch(/^\.{5,25}$/);
  expect(result.durationMs).toBeGreaterThanOrEqual(950);
  expect(result.durationMs).toBeLessThan(2_500);
});

test('headers in time and a body beyond the timeout: the answer counts, within the timeout', async () => {
  const server = await receiver((_, response) => void sleep(1_000).then(() => response.writeHead(200).flushHeaders()));
  const result = await sending({ timeoutMs: 1_500 }).send(to(server));
  expect(result).toMatchObject({ statusCode: 200, responseBody: '', error: null });
  expect(result.durationMs).toBeLessThan(1_900);
});

test('a body that breaks off does not take the answer back', async () => {
  const server = await receiver((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('part');
    setTimeout(() => response.destroy(), 50);
  });
  expect(await sending().send(to(server))).toMatchObject({ statusCode: 200, responseBody: 'part', error: null });
});
