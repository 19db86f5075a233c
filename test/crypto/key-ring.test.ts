import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { keyIdOf, parseKeyRing, SealedValueError } from '../../src/crypto/key-ring.ts';

const newKey = () => randomBytes(32).toString('base64');
const [keyA, keyB] = [newKey(), newKey()];
const ring = parseKeyRing(`a:${keyA}`);
const plain = Buffer.from('whsec_… and ünicode');

test.each([0, 1, 15, 16, 17, 100_000])('what was sealed opens again: %i bytes', (length) => {
  const bytes = randomBytes(length);
  expect(ring.open(ring.seal(bytes, 'c'), 'c').equals(bytes)).toBe(true);
});

test('the layout is version, key id length, key id, iv, tag, ciphertext', () => {
  const sealed = parseKeyRing(`2026-11:${keyA}`).seal(plain, 'c');
  expect([...sealed.subarray(0, 2)]).toEqual([1, 7]);
  expect(sealed.subarray(2, 9).toString()).toBe('2026-11');
  expect(sealed.length).toBe(2 + 7 + 12 + 16 + plain.length);
});

test('the same text never seals to the same bytes', () => {
  expect(ring.seal(plain, 'c').equals(ring.seal(plain, 'c'))).toBe(false);
});

test('after a rotation the first key seals and the old one still opens', () => {
  const old = ring.seal(plain, 'c');
  const rotated = parseKeyRing(`b:${keyB},a:${keyA}`);
  expect(rotated.primaryId).toBe('b');
  expect(rotated.open(old, 'c').equals(plain)).toBe(true);
  expect([keyIdOf(old), keyIdOf(rotated.seal(plain, 'c'))]).toEqual(['a', 'b']);
});

test('a value whose key is not in the ring names the key it needs', () => {
  const sealed = parseKeyRing(`b:${keyB}`).seal(plain, 'c');
  expect(() => ring.open(sealed, 'c')).toThrow(new SealedValueError('sealed under key b, which is not in the ring'));
});

test('another key under the same id does not open', () => {
  const sealed = parseKeyRing(`a:${keyB}`).seal(plain, 'c');
  expect(() => ring.open(sealed, 'c')).toThrow(SealedValueError);
});

test('another context does not open: a value cannot be moved', () => {
  expect(() => ring.open(ring.seal(plain, 'endpoint 1'), 'endpoint 2')).toThrow(SealedValueError);
});

test('any changed byte is noticed', () => {
  const sealed = ring.seal(plain, 'c');
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = Buffer.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(() => ring.open(changed, 'c')).toThrow(SealedValueError);
  }
});

test('any shortened value is noticed', () => {
  const sealed = ring.seal(plain, 'c');
  for (let length = 0; length < sealed.length; length += 1) {
    expect(() => ring.open(sealed.subarray(0, length), 'c')).toThrow(SealedValueError);
  }
});

test('a value is read where it lies: a view into a larger buffer opens', () => {
  const sealed = ring.seal(plain, 'c');
  const wide = new Uint8Array(sealed.length + 10);
  wide.set(sealed, 5);
  expect(ring.open(wide.subarray(5, 5 + sealed.length), 'c').equals(plain)).toBe(true);
});

test.each([
  ['', 'key 1 is not of the form id:base64'],
  [keyA, 'key 1 is not of the form id:base64'],
  [`a:${keyA},`, 'key 2 is not of the form id:base64'],
  [`a:${keyA},a:${keyB}`, 'key id a is used twice'],
  ['short:AAAA', 'key short has 3 bytes instead of 32'],
  [`long:${randomBytes(33).toString('base64')}`, 'key long has 33 bytes instead of 32'],
  [`a b:${keyA}`, 'key 1 is not of the form id:base64'],
])('a wrong key list says what is wrong and shows no key: case %#', (text, message) => {
  expect(() => parseKeyRing(text)).toThrow(new Error(message));
});

test('blanks around entries are ignored', () => {
  expect(parseKeyRing(` a:${keyA} , b:${keyB} `).primaryId).toBe('a');
});
