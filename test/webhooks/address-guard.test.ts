import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkEndpointUrl } from '../../src/webhooks/address-guard.ts';
import { createSender, type Sender } from '../../src/webhooks/send.ts';
import { type DnsStub, startDns } from './support/dns-stub.ts';
import { type LocalServer, startTcp } from './support/servers.ts';

/** 93.184.216.34 and 2606:2800:220:1:248:1893:25c8:1946 stand for any public addresses; nothing is sent to them. */
const publicV4 = '93.184.216.34';
const publicV6 = '2606:2800:220:1:248:1893:25c8:1946';

const names: Record<string, string[]> = {
  'good.test': [publicV4],
  'good6.test': [publicV6],
  'both.test': [publicV4, publicV6],
  'loopback.test': ['127.0.0.1'],
  'loopback6.test': ['::1'],
  'mixed.test': [publicV4, '127.0.0.1'],
  'mixed-first.test': ['127.0.0.1', publicV4],
  'mixed-families.test': [publicV4, '::1'],
  'private.test': ['10.1.2.3'],
  'metadata.google.internal': ['169.254.169.254'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'any.test': ['0.0.0.0'],
  '127.0.0.1.nip.test': ['127.0.0.1'],
  localhost: ['127.0.0.1', '::1'],
  'localhost.localdomain': ['127.0.0.1'],
  'xn--bcher-kva.test': ['127.0.0.1'],
};

let dns: DnsStub;
let server: LocalServer;
let sender: Sender;
beforeAll(async () => {
  dns = await startDns((name) => (name === 'empty.test' ? [] : (names[name] ?? null)));
  server = await startTcp((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'), '::').catch(() =>
    startTcp((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'), '0.0.0.0'),
  );
  sender = createSender({ allowLoopback: false, resolve: dns.resolve, timeoutMs: 3_000 });
});
afterAll(async () => {
  await sender.close();
  await server.close();
  await dns.close();
});

const strict = () => ({ allowLoopback: false, resolve: dns.resolve });
const loose = () => ({ allowLoopback: true, resolve: dns.resolve });

/** Ways to write an address of this machine, or of the network around it, that fool a check of the text. */
const bypassForms = [
  '127.0.0.1',
  '127.0.0.1.',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7f.0x0.0x0.0x1',
  '0x7F.1',
  '017700000001',
  '0177.0.0.1',
  '0177.0.0.01',
  '00000177.1',
  '0177.0x0.0.1',
  '0',
  '0.0.0.0',
  '0x0',
  '%31%32%37.0.0.1',
  '１２７.０.０.１',
  '127。0。0。1',
  '①②⑦.⓪.⓪.①',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[::]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:7f00:0001]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::127.0.0.1]',
  '[2002:7f00:1::]',
  '[2002:7f00:0001::7f00:1]',
  '[2001:0:7f00:1::80ff:fffe]',
  '[fe80::1]',
  '[fe80::1%25lo]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fec0::1]',
  '[ff02::1]',
  '[4000::1]',
  '[5f00::1]',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.0.1',
  '169.254.169.254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'localhost.localdomain',
  'loopback.test',
  'loopback6.test',
  'mixed.test',
  'mixed-first.test',
  'mixed-families.test',
  'mapped.test',
  'any.test',
  'private.test',
  'metadata.google.internal',
  '127.0.0.1.nip.test',
  'bücher.test',
  'ⓛⓞⓞⓟⓑⓐⓒⓚ.test',
  'user@127.0.0.1',
  'good.test@127.0.0.1',
  '127.0.0.1\\@good.test',
  '127.0.0.1#@good.test',
  '127.0.0.1?@good.test',
];

describe.each(['https', 'http'])('over %s', (scheme) => {
  test.each(bypassForms)('%s is refused at create and at connect, and reaches nobody', async (form) => {
    const url = `${scheme}://${form.includes('@good') ? form : `${form}:${server.port}`}/hook`;
    expect(await checkEndpointUrl(url, strict())).toMatchObject({ ok: false });
    if (URL.canParse(url)) {
      const { statusCode, error } = await sender.send({ url, headers: {}, body: '{}' });
      expect([statusCode, error?.class]).toEqual([null, 'blocked_address']);
    }
    expect(server.connections).toBe(0);
  });
});

test('the server could have been reached: with loopback allowed it is', async () => {
  const before = server.connections;
  const allowing = createSender({ ...loose(), timeoutMs: 3_000 });
  const { error } = await allowing.send({ url: `http://loopback.test:${server.port}/`, headers: {}, body: '{}' });
  await allowing.close();
  expect(error).toBeNull();
  expect(server.connections).toBe(before + 1);
});

test('a name that changes to loopback after it was accepted is refused at connect', async () => {
  const before = server.connections;
  const rebinding = await startDns((_, question) => (question === 1 ? [publicV4] : ['127.0.0.1']));
  const options = { allowLoopback: false, resolve: rebinding.resolve };
  const url = `https://rebind.test:${server.port}/`;
  expect(await checkEndpointUrl(url, options)).toEqual({ ok: true, url });
  const rebound = createSender({ ...options, timeoutMs: 3_000 });
  expect((await rebound.send({ url, headers: {}, body: '{}' })).error?.class).toBe('blocked_address');
  await rebound.close();
  await rebinding.close();
  expect(server.connections).toBe(before);
});

test('between the check and the connection a name is not asked again', async () => {
  const once = await startDns(() => ['127.0.0.1']);
  const allowing = createSender({ allowLoopback: true, resolve: once.resolve, timeoutMs: 3_000 });
  await allowing.send({ url: `http://once.test:${server.port}/`, headers: {}, body: '{}' });
  expect(once.questions.sort()).toEqual(['A once.test', 'AAAA once.test']);
  await allowing.close();
  await once.close();
});

test.each([
  'https://good.test',
  'https://good6.test:8443/x?y=z',
  'https://both.test/',
  'HTTPS://GOOD.TEST./',
  `https://${publicV4}/`,
  `https://[${publicV6}]:1/`,
])('a public address on any port is accepted: %s', async (url) => {
  expect(await checkEndpointUrl(url, strict())).toMatchObject({ ok: true });
});

test.each([
  ['not-a-url', 'must be a valid URL'],
  ['', 'must be a valid URL'],
  ['good.test/hook', 'must be a valid URL'],
  ['https://', 'must be a valid URL'],
  ['https://999.1.1.1/', 'must be a valid URL'],
  ['http://good.test/', 'must start with https://'],
  ['ftp://good.test/', 'must start with https://'],
  ['file:///etc/passwd', 'must start with https://'],
  ['javascript:alert(1)', 'must start with https://'],
  ['https://user@good.test/', 'must not contain a user name or password'],
  ['https://user:secret@good.test/', 'must not contain a user name or password'],
  ['https://:secret@good.test/', 'must not contain a user name or password'],
  ['https://unknown.test/', 'the host name does not resolve'],
  ['https://empty.test/', 'the host name does not resolve'],
  ['https://loopback.test/', 'the host is not at a public internet address'],
  ['https://127.0.0.1/', 'the host is not at a public internet address'],
])('%j: %s', async (url, message) => {
  expect(await checkEndpointUrl(url, strict())).toEqual({ ok: false, message });
});

test.each([
  'http://127.0.0.1:8080/',
  'http://localhost/',
  'http://[::1]/',
  'http://127.1.2.3/',
  'https://localhost/',
  'http://loopback6.test/',
])('with loopback allowed, loopback is accepted over https and http: %s', async (url) => {
  expect(await checkEndpointUrl(url, loose())).toEqual({ ok: true, url });
});

test.each([
  ['http://good.test/', 'http is allowed to loopback addresses only'],
  [`http://${publicV4}/`, 'http is allowed to loopback addresses only'],
  ['http://mixed.test/', 'http is allowed to loopback addresses only'],
  ['http://10.0.0.1/', 'http is allowed to loopback addresses only'],
  ['https://10.0.0.1/', 'the host is not at a public internet address'],
  ['https://private.test/', 'the host is not at a public internet address'],
  ['https://0.0.0.0/', 'the host is not at a public internet address'],
  ['https://169.254.169.254/', 'the host is not at a public internet address'],
  ['http://user:pw@localhost/', 'must not contain a user name or password'],
  ['ftp://localhost/', 'must start with https://'],
])('with loopback allowed, nothing else is: %j: %s', async (url, message) => {
  expect(await checkEndpointUrl(url, loose())).toEqual({ ok: false, message });
});

test('a name server that says nothing counts as a name that does not resolve', async () => {
  const silent = await startDns(() => 'silent');
  const check = await checkEndpointUrl('https://silent.test/', { allowLoopback: false, resolve: silent.resolve });
  expect(check).toEqual({ ok: false, message: 'the host name does not resolve' });
  await silent.close();
});
