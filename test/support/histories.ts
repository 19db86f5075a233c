import type { Client } from '@temporalio/client';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import proto from '@temporalio/proto';

// A CommonJS module whose names Node cannot see from here.
const { temporal } = proto;

export type History = proto.temporal.api.history.v1.IHistory;

/** The histories of every run of a workflow, oldest first. */
export async function historiesOf({ workflow }: Client, workflowId: string): Promise<History[]> {
  const runs: { runId: string; startTime: Date }[] = [];
  for await (const { runId, startTime } of workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    runs.push({ runId, startTime });
  }
  runs.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
  return Promise.all(runs.map(({ runId }) => workflow.getHandle(workflowId, runId).fetchHistory()));
}

/** As the server keeps it: payloads are there byte for byte. */
export const asBytes = (history: History): Buffer =>
  Buffer.from(temporal.api.history.v1.History.encode(temporal.api.history.v1.History.fromObject(history)).finish());

/** As `temporal workflow show --output json` exports it. */
export const asJson = (history: History): string => historyToJSON(history);

/** Every payload found anywhere in it. */
export function payloadsIn(value: unknown): Payload[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const own = value as { metadata?: unknown; data?: unknown };
  if (own.metadata && own.data instanceof Uint8Array) return [value as Payload];
  return Object.values(value).flatMap(payloadsIn);
}

/** What those with the keys can read of it. */
export async function decodedTexts(history: History, codec: PayloadCodec): Promise<string> {
  const decoded = await codec.decode(payloadsIn(history));
  return decoded.map(({ data }) => Buffer.from(data ?? []).toString('utf8')).join('\n');
}
