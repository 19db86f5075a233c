import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';

/**
 * Keys that protect what is stored: the first seals new data, each opens what it sealed. A sealed value names its
 * key, so a key is rotated by putting a new one first. One key seals at most 2^32 values (NIST SP 800-38D §8.3).
 *
 * Sealed: version (1 byte) · length of the key id (1) · key id · iv (12) · tag (16) · ciphertext, by AES-256-GCM.
 * Header and the caller's `context` are authenticated too, so a value cannot be moved to another place.
 */
export interface KeyRing {
  readonly primaryId: string;
  seal(plain: Uint8Array, context: string): Buffer;
  /** Throws `SealedValueError` when the key is not in the ring, or the value or its context is not what was sealed. */
  open(sealed: Uint8Array, context: string): Buffer;
}

/** A sealed value that cannot be opened. The message names the key id, never a key or a text. */
export class SealedValueError extends Error {
  override readonly name = 'SealedValueError';
}

const algorithm = 'aes-256-gcm';
const version = 1;
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

/**
 * Reads `id:base64,…` (`ENCRYPTION_KEYS`, spec section 8); each key is 32 bytes.
 * @throws an `Error` that names the id, or the position, never a key
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = new Map<string, KeyObject>();
  for (const [index, entry] of text.split(',').entries()) {
    const [, id, base64] = /^\s*([\w.-]{1,64}):([A-Za-z0-9+/]+={0,2})\s*$/.exec(entry) ?? [];
    if (id === undefined || base64 === undefined) throw new Error(`key ${index + 1} is not of the form id:base64`);
    if (keys.has(id)) throw new Error(`key id ${id} is used twice`);
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length !== keyBytes) throw new Error(`key ${id} has ${bytes.length} bytes instead of ${keyBytes}`);
    keys.set(id, createSecretKey(bytes));
  }
  return keyRing(keys);
}

/** The id of the key that sealed this value. Throws `SealedValueError` when it is no sealed value. */
export function keyIdOf(sealed: Uint8Array): string {
  const idLength = sealed[1] ?? 0;
  if (sealed[0] !== version || idLength === 0 || sealed.length < 2 + idLength + ivBytes + tagBytes) {
    throw new SealedValueError('not a sealed value');
  }
  return Buffer.from(sealed.buffer, sealed.byteOffset + 2, idLength).toString('utf8');
}

/** What every value sealed under this key begins with: so they are told from others without being opened. */
export const headerOf = (keyId: string): Buffer =>
  Buffer.concat([Buffer.from([version, Buffer.byteLength(keyId)]), Buffer.from(keyId)]);

/** The first key of the map is the primary one. */
function keyRing(keys: ReadonlyMap<string, KeyObject>): KeyRing {
  const primary = keys.entries().next().value;
  if (primary === undefined) throw new Error('a key ring needs a key');
  const [primaryId, primaryKey] = primary;
  const header = headerOf(primaryId);

  return {
    primaryId,
    seal(plain, context) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, primaryKey, iv, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.concat([header, Buffer.from(context)]));
      const body = cipher.update(plain);
      cipher.final(); // GCM is a stream mode: nothing is left, but the tag exists only after it.
      return Buffer.concat([header, iv, cipher.getAuthTag(), body]);
    },
    open(sealed, context) {
      const id = keyIdOf(sealed);
      const key = keys.get(id);
      if (key === undefined) throw new SealedValueError(`sealed under key ${id}, which is not in the ring`);
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const ivAt = 2 + Buffer.byteLength(id);
      const tagAt = ivAt + ivBytes;
      const bodyAt = tagAt + tagBytes;
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(ivAt, tagAt), { authTagLength: tagBytes });
      decipher.setAAD(Buffer.concat([bytes.subarray(0, ivAt), Buffer.from(context)]));
      decipher.setAuthTag(bytes.subarray(tagAt, bodyAt));
      const plain = decipher.update(bytes.subarray(bodyAt));
      try {
        decipher.final();
      } catch (cause) {
        throw new SealedValueError(`sealed under key ${id}, but changed or written for another place`, { cause });
      }
      return plain;
    },
  };
}
