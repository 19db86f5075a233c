import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { newSecret } from '../../src/webhooks/secrets.ts';
import { signedHeaders } from '../../src/webhooks/sign.ts';
import { closeAll, scriptedReceiver, sending, to } from './support/sending.ts';

/** What a strict firewall looks at (OWASP Core Rule Set 4, paranoia level 4), on the bytes of the wire. */
let line: string;
let headers: [string, string][];
let port: number;
const body = '{"event":"lead.enriched","data":{"contact":{"first_name":"Zo\u00eb"}}}';

beforeEach(async () => {
  let request = '';
  const server = await scriptedReceiver(({ socket, text }) => {
    request = text;
    socket.end('HTTP/1.1 204 No Content\r\n\r\n');
  });
  port = server.port;
  const signed = signedHeaders({
    body,
    eventId: '3f0a4f3e-6c0c-4f0e-9f3b-0d9c5a3f6b11',
    event: 'lead.enriched',
    deliveryId: '9a6f0e5c-0f6d-4b43-8d0e-5b6a1f1c2d33',
    attempt: 1,
    attemptId: '5c1d2e3f-1111-4222-8333-444455556666',
    sequence: 1,
    secrets: { current: newSecret(), next: newSecret() },
    timestampSeconds: 1_767_323_045,
    resend: true,
  });
  await sending().send({ ...to(server, '/hook?a=b%20c'), headers: signed, body });
  const [first = '', ...rest] = request.slice(0, request.indexOf('\r\n\r\n')).split('\r\n');
  line = first;
  headers = rest.map((header) => [header.slice(0, header.indexOf(':')), header.slice(header.indexOf(':') + 1)]);
});
afterEach(closeAll);

const headerOf = (name: string): string | undefined =>
  headers.find(([found]) => found.toLowerCase() === name)?.[1].trim();

test('the request line is whole, in the origin form (920100, 920430)', () => {
  expect(line).toBe('POST /hook?a=b%20c HTTP/1.1');
});

test.each([
  ['host', '920280', (): string => `127.0.0.1:${port}`],
  ['accept', '920300', (): string => '*/*'],
  ['content-type', '920340', (): string => 'application/json'],
  ['content-length', '920180', (): string => String(Buffer.byteLength(body))],
  ['connection', '920210', (): string => 'keep-alive'],
] as const)('%s is there, with one plain value (%s)', (name, _rule, value) => {
  expect(headerOf(name)).toBe(value());
});

test('the user agent is there, and no tool of a scanner (920320, 913100)', () => {
  expect(headerOf('user-agent')).toMatch(/^Spark360-Events\/\d+\.\d+\.\d+$/);
});

test('no header comes twice, in whatever case, or is empty (920310, 920330)', () => {
  const names = headers.map(([name]) => name.toLowerCase());
  expect(names).toEqual([...new Set(names)]);
  expect(headers.every(([, value]) => value.trim() !== '')).toBe(true);
});

test('names are tokens, values plain characters after one space (920270 to 920274)', () => {
  for (const [name, value] of headers) {
    expect(name).toMatch(/^[A-Za-z][A-Za-z0-9-]*$/);
    expect(value).toMatch(/^ [\w "&*+,\-./:;=]+$/);
  }
});

test.each([
  'transfer-encoding',
  'content-encoding',
  'expect',
  'upgrade',
  'proxy',
  'range',
  'x-forwarded-for',
  'cookie',
  'accept-charset',
  'x-http-method-override',
])('%s, which firewalls refuse or frame a body by, is not sent (920181, 920450)', (name) => {
  expect(headerOf(name)).toBeUndefined();
});
