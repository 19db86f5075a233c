import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { bytesReceiver, closeAll, scriptedReceiver, sending, to } from './support/sending.ts';

afterEach(closeAll);

const final = 'HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok';
const earlyHints = 'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\nlink: </b>\r\n\r\n';
const goOn = 'HTTP/1.1 100 Continue\r\n\r\n';

describe('interim answers are skipped, and the final one counts', () => {
  const interim: [string, string][] = [
    ['100 that nobody asked for', goOn],
    ['100 with headers', 'HTTP/1.1 100 Continue\r\nserver: x\r\ndate: now\r\n\r\n'],
    ['100 without a reason', 'HTTP/1.1 100\r\n\r\n'],
    ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['103', earlyHints],
    ['one that is not known yet', 'HTTP/1.1 199 Whatever\r\n\r\n'],
    ['several', goOn + earlyHints + goOn + earlyHints],
    ['twenty', goOn.repeat(20)],
    ['with bare line feeds', 'HTTP/1.1 100 Continue\nserver: x\n\n'],
    ['after an empty line', `\r\n${goOn}`],
    ['an HTTP/1.0 one', 'HTTP/1.0 100 Continue\r\n\r\n'],
  ];

  test.each(interim)('%s: in one piece with the answer', async (_, bytes) => {
    const server = await bytesReceiver(bytes + final);
    expect(await sending().send(to(server))).toMatchObject({ statusCode: 201, responseBody: 'ok', error: null });
  });

  test.each(interim)('%s: byte by byte, and the connection is used again', async (_, bytes) => {
    const server = await scriptedReceiver(({ socket }) => {
      socket.setNoDelay(true);
      void (async () => {
        for (const byte of bytes + final) {
          socket.write(byte);
          await sleep(0);
        }
      })();
    });
    const sender = sending();
    for (let count = 0; count < 2; count += 1) {
      expect(await sender.send(to(server))).toMatchObject({ statusCode: 201, responseBody: 'ok', error: null });
    }
    expect(server.connections).toBe(1);
  });

  test('before the whole request was sent', async () => {
    const server = await bytesReceiver(goOn + final);
    const body = JSON.stringify({ filler: 'x'.repeat(250_000) });
    expect(await sending().send({ ...to(server), body })).toMatchObject({ statusCode: 201, error: null });
  });

  test('and nothing else: closed', async () => {
    const server = await scriptedReceiver(({ socket }) => socket.end(goOn));
    const { statusCode, error } = await sending().send(to(server));
    expect([statusCode, error?.class]).toEqual([null, 'connect']);
    expect(server.connections).toBe(1);
  });

  test('and nothing else: silent', async () => {
    const server = await bytesReceiver(goOn);
    const { statusCode, error } = await sending({ timeoutMs: 400 }).send(to(server));
    expect([statusCode, error?.message]).toEqual([null, 'No response within 0.4 s.']);
  });

  test('without end: given up after 128 KiB', async () => {
    const server = await bytesReceiver(earlyHints.repeat(4_000));
    const { statusCode, error } = await sending().send(to(server));
    expect([statusCode, error?.message]).toEqual([null, 'The response headers are too large.']);
  });
});

const cookies = (bytes: number): string => `set-cookie: a=${'b'.repeat(498)}\r\n`.repeat(bytes / 512);

describe('headers up to 128 KiB are read', () => {
  test.each([
    ['20 KB of cookies', cookies(20_480)],
    ['100 KB of cookies', cookies(102_400)],
    ['one header of 100 KB', `x-a: ${'a'.repeat(102_400)}\r\n`],
    ['4,000 headers', 'x-a: b\r\n'.repeat(4_000)],
  ])('%s', async (_, headers) => {
    const server = await scriptedReceiver(({ socket }) =>
      socket.write(`HTTP/1.1 503 Later\r\n${headers}retry-after: 7\r\ncontent-length: 2\r\n\r\nno`),
    );
    const sender = sending();
    for (let count = 0; count < 2; count += 1) {
      expect(await sender.send(to(server))).toMatchObject({ statusCode: 503, retryAfter: '7', responseBody: 'no' });
    }
    expect(server.connections).toBe(1);
  });
});

/** What may follow a status line: `[form, bytes, body that is logged]`. */
const afterStatusLine: [string, string, string][] = [
  ['headers of more than 128 KiB', `${cookies(204_800)}\r\n`, ''],
  ['one header of more than 128 KiB', `x-a: ${'a'.repeat(200_000)}\r\n\r\n`, ''],
  ['a header without a name', ': x\r\n\r\n', ''],
  ['a header without a colon', 'nonsense\r\n\r\n', ''],
  ['a space before the colon', 'x-a : b\r\n\r\n', ''],
  ['a control character in a header', 'x-a: b\x01c\r\n\r\n', ''],
  ['NUL in a header', 'x-a: b\0c\r\n\r\n', ''],
  ['a folded header', 'x-a: b\r\n  c\r\ncontent-length: 2\r\n\r\nok', ''],
  ['bare line feeds', 'x-a: b\ncontent-length: 2\n\nok', ''],
  [
    'both transfer-encoding and content-length',
    'transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    '',
  ],
  ['two content-lengths', 'content-length: 2\r\ncontent-length: 3\r\n\r\nok', ''],
  ['a content-length that is no number', 'content-length: two\r\n\r\nok', ''],
  ['a transfer-encoding nobody knows', 'transfer-encoding: magic\r\n\r\nok', 'ok'],
  ['a chunk without a size', 'transfer-encoding: chunked\r\n\r\nzz\r\nok\r\n', ''],
  ['chunks that break off', 'transfer-encoding: chunked\r\n\r\n4\r\nok', 'ok'],
  ['a body shorter than its content-length', 'content-length: 10\r\n\r\nok', 'ok'],
  ['a body longer than its content-length', 'content-length: 2\r\n\r\nokay', 'ok'],
  ['headers that break off', 'x-a: b\r\ncontent-le', ''],
  ['nothing', '', ''],
];

describe('once the status line could be read, nothing behind it takes the answer back', () => {
  test.each(afterStatusLine)('a 2xx counts, followed by %s', async (_, bytes, responseBody) => {
    let requests = 0;
    const server = await scriptedReceiver(({ socket }) => {
      requests += 1;
      socket.end(`HTTP/1.1 200 OK\r\n${bytes}`, 'latin1');
    });
    expect(await sending().send(to(server))).toMatchObject({ statusCode: 200, responseBody, error: null });
    expect(requests).toBe(1);
  });

  test.each(afterStatusLine)('a 4xx counts, followed by %s', async (_, bytes) => {
    const server = await scriptedReceiver(({ socket }) => socket.end(`HTTP/1.1 422 No\r\n${bytes}`, 'latin1'));
    expect(await sending().send(to(server))).toMatchObject({ statusCode: 422, error: null });
  });

  test.each([
    ['headers that never end', '\r\nx-a: b'],
    ['a status line that never ends', ''],
  ])('%s, until the timeout', async (_, bytes) => {
    const server = await bytesReceiver(`HTTP/1.1 200 OK${bytes}`);
    const result = await sending({ timeoutMs: 400 }).send(to(server));
    expect(result).toMatchObject({ statusCode: 200, responseBody: '', error: null });
  });

  test('headers that drip, until the timeout', async () => {
    const server = await scriptedReceiver(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('x-a: b\r\n'), 50);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await sending({ timeoutMs: 400 }).send(to(server))).toMatchObject({ statusCode: 200, error: null });
  });

  test.each([
    ['HTTP/1.1 200 OK\n\n', 200],
    ['HTTP/1.1 200\r\n\r\n', 200],
    ['HTTP/1.1  200 OK\r\n\r\n', 200],
    ['http/1.1 200 OK\r\n\r\n', 200],
    ['HTTP/2 204 No Content\r\n\r\n', 204],
    ['HTTP/1.2 500 Odd\r\n\r\n', 500],
    ['\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n', 202],
  ])('a status line that only we read: %j', async (bytes, statusCode) => {
    const server = await scriptedReceiver(({ socket }) => socket.end(bytes));
    expect(await sending().send(to(server))).toMatchObject({ statusCode, error: null });
  });

  test.each([
    'HTTP/1.1 20',
    'HTTP/1.1 200',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 OK\r\n\r\n',
    'ICY 200 OK\r\n\r\n',
    '200 OK\r\n\r\n',
    'HTTP',
  ])('no status line: %j', async (bytes) => {
    const server = await scriptedReceiver(({ socket }) => socket.end(bytes));
    const { statusCode, error } = await sending().send(to(server));
    expect(statusCode).toBeNull();
    expect(['connect', 'protocol']).toContain(error?.class);
  });
});
