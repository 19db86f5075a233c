import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from './api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const plain = {
  metadata: { encoding: Buffer.from('json/plain').toString('base64') },
  data: Buffer.from('{"name":"Wilhelmina"}').toString('base64'),
};

test('what encode encrypts, decode opens', async () => {
  const encoded = await api.call('POST', '/codec/encode', { body: { payloads: [plain, plain] } });
  expect(encoded.status).toBe(200);
  const [first] = encoded.body.payloads;
  expect(Buffer.from(first.metadata.encoding, 'base64').toString()).toBe('binary/encrypted');
  expect(Buffer.from(first.data, 'base64').toString('latin1')).not.toContain('Wilhelmina');
  const decoded = await api.call('POST', '/codec/decode', { body: encoded.body });
  expect(decoded.body).toEqual({ payloads: [plain, plain] });
});

test('plain payloads decode to themselves', async () => {
  expect((await api.call('POST', '/codec/decode', { body: { payloads: [plain] } })).body).toEqual({
    payloads: [plain],
  });
});

test.each(['encode', 'decode'])('an empty object %ss to no payloads', async (direction) => {
  const { status, body } = await api.call('POST', `/codec/${direction}`, { body: {} });
  expect([status, body]).toEqual([200, { payloads: [] }]);
});

test('a payload without data or metadata is one', async () => {
  const { body } = await api.call('POST', '/codec/encode', { body: { payloads: [{}] } });
  const decoded = await api.call('POST', '/codec/decode', { body });
  expect(decoded.body).toEqual({ payloads: [{ metadata: {}, data: '' }] });
});

test('a payload of a key that is not in the ring is refused, naming the key id', async () => {
  const { body } = await api.call('POST', '/codec/encode', { body: { payloads: [plain] } });
  const sealed = Buffer.from(body.payloads[0].data, 'base64');
  sealed.write('gone', 2, 'latin1');
  const payloads = [{ ...body.payloads[0], data: sealed.toString('base64') }];
  const answer = await api.call('POST', '/codec/decode', { body: { payloads } });
  expect(answer.status).toBe(422);
  expect(answer.body.errors).toMatchObject([{ path: 'payloads', message: expect.stringContaining('gone') }]);
});

test.each([
  ['payloads that are no list', { payloads: {} }],
  ['data that is not base64', { payloads: [{ data: '%' }] }],
])('%s are refused with 422', async (_what, body) => {
  expect((await api.call('POST', '/codec/decode', { body })).status).toBe(422);
});

test('what newer UIs add to the address is accepted', async () => {
  const { status, body } = await api.call('POST', '/codec/decode?preserveStorageRefs=true', { body: {} });
  expect([status, body]).toEqual([200, { payloads: [] }]);
});

test("the UI's preflight is answered without a key, and its answers may be read there", async () => {
  const origin = 'http://127.0.0.1:8233';
  const preflight = await api.call('OPTIONS', '/codec/decode', { key: null, headers: { origin } });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
  expect(preflight.headers.get('access-control-allow-headers')).toBe(
    'authorization, authorization-extras, content-type, x-namespace',
  );
  expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
  const answer = await api.call('POST', '/codec/decode', { body: {}, headers: { origin } });
  expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
  const refused = await api.call('POST', '/codec/decode', { key: null, body: {}, headers: { origin } });
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, origin]);
});
