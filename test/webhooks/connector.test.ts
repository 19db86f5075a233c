import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, expect, test } from '@jest/globals';
import type { Resolve } from '../../src/webhooks/resolve.ts';
import { eventually } from '../support/eventually.ts';
import { createSender } from '../../src/webhooks/send.ts';
import { type Certificate, makeCertificate, startHttps, startTls } from './support/servers.ts';

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

const certificate = await makeCertificate(['partner.test']);
const toLoopback: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];

async function startSecure(own: Certificate, listener: RequestListener = (_, response) => response.end('ok')) {
  const server = await startHttps(own, listener);
  closing.push(server.close);
  return server;
}

async function sendTo(
  port: number,
  options: { ca?: string; resolve?: Resolve; allowLoopback?: boolean; host?: string },
) {
  const { host = 'partner.test', ...rest } = options;
  const sender = createSender({ allowLoopback: true, resolve: toLoopback, timeoutMs: 3_000, ...rest });
  closing.push(sender.close);
  return sender.send({ url: `https://${host}:${port}/`, headers: {}, body: '{}' });
}

test('a trusted certificate for the name is accepted', async () => {
  const { port } = await startSecure(certificate);
  expect(await sendTo(port, { ca: certificate.cert })).toMatchObject({ statusCode: 200, responseBody: 'ok' });
});

test('HTTP/1.1 is what is offered', async () => {
  let protocol: string | false | null = null;
  const { port } = await startSecure(certificate, (request, response) => {
    protocol = 'alpnProtocol' in request.socket ? (request.socket.alpnProtocol as string) : null;
    response.end(request.httpVersion);
  });
  expect((await sendTo(port, { ca: certificate.cert })).responseBody).toBe('1.1');
  expect(protocol).toBe('http/1.1');
});

test('a certificate nobody vouches for is refused', async () => {
  const { port } = await startSecure(certificate);
  const { error } = await sendTo(port, {});
  expect(error).toEqual({ class: 'tls', message: 'The certificate is self-signed.' });
});

test('and stays refused when the environment says otherwise', async () => {
  const { port } = await startSecure(certificate);
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const { error } = await sendTo(port, {}).finally(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED);
  expect(error?.class).toBe('tls');
});

test('a certificate for another name is refused', async () => {
  const { port } = await startSecure(certificate);
  const { error } = await sendTo(port, { ca: certificate.cert, host: 'other.test' });
  expect(error).toEqual({ class: 'tls', message: 'The certificate is for another host name.' });
});

test('an expired certificate is refused', async () => {
  const expired = await makeCertificate(['partner.test'], [-2, -1]);
  const { port } = await startSecure(expired);
  const { error } = await sendTo(port, { ca: expired.cert });
  expect(error).toEqual({ class: 'tls', message: 'The certificate has expired.' });
});

test('an address that is another one when it is used is noticed at the socket, before a byte is sent', async () => {
  let requests = 0;
  const server = await startSecure(certificate, (_, response) => {
    requests += 1;
    response.end();
  });
  // Public for the check in the look-up, loopback for the connection.
  const turning: Resolve = async () => {
    let reads = 0;
    return [
      {
        family: 4,
        get address() {
          reads += 1;
          return reads === 1 ? '93.184.216.34' : '127.0.0.1';
        },
      },
    ];
  };
  const { error } = await sendTo(server.port, { ca: certificate.cert, resolve: turning, allowLoopback: false });
  expect(error?.class).toBe('blocked_address');
  expect(server.connections).toBe(1);
  expect(requests).toBe(0);
});

test('all addresses of a name are tried until one answers', async () => {
  const { port } = await startSecure(certificate);
  const several: Resolve = async () => [
    { address: '127.0.0.77', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ];
  expect((await sendTo(port, { ca: certificate.cert, resolve: several })).statusCode).toBe(200);
});

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** A sender to a server over TLS that answers each request, counted from 1 on its connection. */
async function secureScript(answer: (socket: Socket, request: number) => void) {
  const server = await startTls(certificate, (socket) => {
    let requests = 0;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (!chunk.includes('POST')) return;
      requests += 1;
      answer(socket, requests);
    });
  });
  closing.push(server.close);
  const sender = createSender({ allowLoopback: true, resolve: toLoopback, timeoutMs: 3_000, ca: certificate.cert });
  closing.push(sender.close);
  const url = `https://partner.test:${server.port}/`;
  return { server, send: () => sender.send({ url, headers: {}, body: '{}' }) };
}
const isOk = { statusCode: 200, responseBody: 'ok', error: null };

test.each<[string, number, (socket: Socket, request: number) => void]>([
  ['interim answers are skipped', 1, (socket) => socket.write(`HTTP/1.1 100 Continue\r\n\r\n${ok}`)],
  ['headers of 100 KB are read', 1, (socket) => socket.write(ok.replace('\r\n', `\r\n${'x-a: b\r\n'.repeat(12_800)}`))],
  [
    'a kept connection that is closed costs no attempt',
    3,
    (socket, request) => (request === 1 ? socket.write(ok) : socket.end()),
  ],
  [
    'a kept connection that is reset costs no attempt',
    3,
    (socket, request) => (request === 1 ? socket.write(ok) : socket.destroy()),
  ],
])('over TLS: %s', async (_, connections, answer) => {
  const { server, send } = await secureScript(answer);
  for (let number = 0; number < 3; number += 1) expect(await send()).toMatchObject(isOk);
  expect(server.connections).toBe(connections);
});

test('over TLS: what nobody asked for ends the connection', async () => {
  const { server, send } = await secureScript((socket) =>
    socket.write(ok, () => setTimeout(() => socket.write(ok.replace('200', '500')), 5)),
  );
  expect(await send()).toMatchObject(isOk);
  await eventually(() => expect(server.closed).toBe(1));
  expect(await send()).toMatchObject(isOk);
  expect(server.connections).toBe(2);
});
