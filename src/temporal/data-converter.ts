import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { KeyRing } from '../crypto/key-ring.ts';
import { encryptionCodec } from './codec.ts';

/** For every client, worker and bundle: payloads and failures encrypted under `ring` (spec section 6). */
export const dataConverter = (ring: KeyRing): DataConverter => ({
  payloadCodecs: [encryptionCodec(ring)],
  failureConverterPath,
});

/** Absolute path of the module, `.ts` or, once built, `.js`: the same as this file's. */
export const failureConverterPath = fileURLToPath(
  new URL(`./failure-converter${extname(import.meta.url)}`, import.meta.url),
);
