import { StringDecoder } from 'node:string_decoder';

/** Spec section 5: of a response body at most 4 KB is read and kept. */
export const maxBodyBytes = 4_096;

/**
 * The text that is logged for a response body: UTF-8 with replacement of what is not, at most 4096 bytes, never a split
 * character, and without NUL, which a Postgres text cannot hold. `bytes` may be longer than what is kept.
 */
export function bodyText(bytes: Buffer): string {
  const text = bytes.length > maxBodyBytes ? cut(bytes) : bytes.toString('utf8');
  // A byte that is no UTF-8 becomes a character of three.
  const bounded = Buffer.byteLength(text) > maxBodyBytes ? cut(Buffer.from(text)) : text;
  return bounded.includes('\0') ? bounded.replaceAll('\0', '') : bounded;
}

/** The decoder holds back a character whose bytes are not all there. */
const cut = (bytes: Buffer): string => new StringDecoder('utf8').write(bytes.subarray(0, maxBodyBytes));
