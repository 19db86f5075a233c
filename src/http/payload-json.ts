import type { Payload } from '@temporalio/common';
import { z } from 'zod';
import { atMostKeys } from './schemas/fields.ts';

/** Either alphabet, padded or not, as protobuf's JSON form allows. */
const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, { error: 'expected base64' });

const maxPayloads = 10_000;
const metadata = atMostKeys(20, z.record(z.string(), base64));

/**
 * Payloads as Temporal's remote codecs exchange them: the JSON form of `temporal.api.common.v1.Payload`, bytes as
 * base64.
 */
export const payloadsSchema = z
  .object({
    payloads: z
      .array(z.object({ metadata: metadata.nullish(), data: base64.nullish() }))
      .max(maxPayloads)
      .nullish(),
  })
  .meta({ id: 'Payloads' });

export const payloadsOut = z
  .object({ payloads: z.array(z.object({ metadata: z.record(z.string(), z.string()), data: z.string() })) })
  .meta({ id: 'PayloadsOut' });

export const payloadsFromJson = ({ payloads }: z.infer<typeof payloadsSchema>): Payload[] =>
  (payloads ?? []).map(({ metadata, data }) => ({
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
    ),
    data: Buffer.from(data ?? '', 'base64'),
  }));

export const payloadsToJson = (payloads: Payload[]): z.infer<typeof payloadsOut> => ({
  payloads: payloads.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, asBase64(value)])),
    data: asBase64(data),
  })),
});

const asBase64 = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64');
