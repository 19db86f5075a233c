import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ApplicationFailure, DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import {
  decodeFromPayloadsAtIndex,
  encodeToPayloads,
  loadDataConverter,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import { SealedValueError, parseKeyRing } from '../../src/crypto/key-ring.ts';
import { encryptionCodec } from '../../src/temporal/codec.ts';
import { dataConverter, failureConverterPath } from '../../src/temporal/data-converter.ts';
import { failureConverter } from '../../src/temporal/failure-converter.ts';

const keyA = randomBytes(32).toString('base64');
const keyB = randomBytes(32).toString('base64');
const ring = parseKeyRing(`a:${keyA}`);
const codec = encryptionCodec(ring);
const value = { email: 'jane@example.com', notes: 'ü'.repeat(10_000), n: 1.5, list: [true, null] };
const payloads = [defaultPayloadConverter.toPayload(value), defaultPayloadConverter.toPayload('second')];

const text = (payload: unknown) =>
  JSON.stringify(payload, (_, part) => (part instanceof Uint8Array ? Buffer.from(part).toString('latin1') : part));

test('payloads come back as they were, in order', async () => {
  const decoded = await codec.decode(await codec.encode(payloads));
  expect(decoded.map((payload) => defaultPayloadConverter.fromPayload(payload))).toEqual([value, 'second']);
});

test('no payloads encode to no payloads', async () => {
  expect(await codec.encode([])).toEqual([]);
  expect(await codec.decode([])).toEqual([]);
});

test('an encoded payload shows its encoding and key id, and nothing of the text or its metadata', async () => {
  const [encoded] = await codec.encode(payloads);
  expect(Buffer.from(encoded?.metadata?.encoding ?? []).toString()).toBe('binary/encrypted');
  expect(Buffer.from(encoded?.metadata?.['encryption-key-id'] ?? []).toString()).toBe('a');
  expect(text(encoded)).not.toContain('jane');
  expect(text(encoded)).not.toContain('json/plain');
});

test('a plain payload is left as it is when decoded', async () => {
  expect(await codec.decode(payloads)).toEqual(payloads);
  expect(await codec.decode([{}])).toEqual([{}]);
});

test('after a key rotation payloads of the old key are still read', async () => {
  const rotated = encryptionCodec(parseKeyRing(`b:${keyB},a:${keyA}`));
  expect(await rotated.decode(await codec.encode(payloads))).toEqual(await codec.decode(await codec.encode(payloads)));
});

test('a payload whose key is gone is an error that names the key', async () => {
  const encoded = await encryptionCodec(parseKeyRing(`b:${keyB}`)).encode(payloads);
  await expect(codec.decode(encoded)).rejects.toThrow('key b');
});

test('a changed payload is refused', async () => {
  const [encoded] = await codec.encode(payloads);
  const data = Buffer.from(encoded?.data ?? []);
  data[data.length - 1] = (data.at(-1) ?? 0) ^ 1;
  await expect(codec.decode([{ ...encoded, data }])).rejects.toThrow(SealedValueError);
});

test('an encrypted payload without data is refused', async () => {
  const [encoded] = await codec.encode(payloads);
  await expect(codec.decode([{ metadata: encoded?.metadata ?? {} }])).rejects.toThrow(SealedValueError);
});

test('what is stored elsewhere under the same ring is not accepted as a payload', async () => {
  const [encoded] = await codec.encode(payloads);
  await expect(
    codec.decode([{ ...encoded, data: ring.seal(Buffer.from('secret'), 'endpoint-secret') }]),
  ).rejects.toThrow(SealedValueError);
});

test('the whole data converter round-trips a value', async () => {
  const loaded = loadDataConverter(dataConverter(ring));
  expect(loaded.failureConverter).toBeInstanceOf(DefaultFailureConverter);
  const encoded = await encodeToPayloads(loaded, value);
  expect(text(encoded)).not.toContain('jane');
  expect(await decodeFromPayloadsAtIndex(loaded, 0, encoded)).toEqual(value);
});

test('the path of the failure converter is that of its file', () => {
  expect(existsSync(failureConverterPath)).toBe(true);
  expect(dataConverter(ring).failureConverterPath).toBe(failureConverterPath);
});

test('message and stack trace of a failure move into a payload, and come back', () => {
  const failure = failureConverter.errorToFailure(
    ApplicationFailure.nonRetryable('lead of jane@example.com'),
    defaultPayloadConverter,
  );
  expect(failure.message).toBe('Encoded failure');
  expect(failure.stackTrace).toBe('');
  expect(failure.encodedAttributes).toBeTruthy();
  expect(failureConverter.failureToError(failure, defaultPayloadConverter).message).toBe('lead of jane@example.com');
});
