import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { KeyRing } from '../crypto/key-ring.ts';

// A CommonJS module whose names Node cannot see from here.
const { temporal } = proto;

const encoding = 'binary/encrypted';
const encodingBytes = Buffer.from(encoding);
/**
 * A payload travels between workflows, activities and the UI's codec endpoint, so only its kind is bound, not its
 * place.
 */
const context = 'temporal-payload';

/**
 * Encrypts everything Temporal keeps (spec section 6): a payload, metadata included, becomes the data of one of
 * encoding `binary/encrypted`. Payloads of other encodings are decoded as they are. @throws `SealedValueError` on
 * decoding
 */
export const encryptionCodec = (ring: KeyRing): PayloadCodec => {
  const keyId = Buffer.from(ring.primaryId);
  return {
    encode: async (payloads) =>
      payloads.map((payload) => ({
        // The key id is repeated in clear, so that an operator can find out which keys a namespace still needs.
        metadata: { encoding: encodingBytes, 'encryption-key-id': keyId },
        data: ring.seal(temporal.api.common.v1.Payload.encode(payload).finish(), context),
      })),
    decode: async (payloads) => payloads.map((payload) => (isEncrypted(payload) ? decrypt(ring, payload) : payload)),
  };
};

function isEncrypted({ metadata }: Payload): boolean {
  const found = metadata?.encoding;
  return found !== undefined && found !== null && encodingBytes.equals(found);
}

const decrypt = (ring: KeyRing, { data }: Payload): Payload =>
  temporal.api.common.v1.Payload.decode(ring.open(data ?? new Uint8Array(), context));
