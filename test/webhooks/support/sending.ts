import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSender, type Sender, type SenderOptions } from '../../../src/webhooks/send.ts';
import { type LocalServer, startHttp, startTcp } from './servers.ts';

const open: { close(): Promise<void> }[] = [];

/** Closed after the test, the last opened first. */
export function opened<Part extends { close(): Promise<void> }>(part: Part): Part {
  open.push(part);
  return part;
}

export async function closeAll(): Promise<void> {
  for (const part of open.splice(0).reverse()) await part.close();
}

export const sending = (options: Partial<SenderOptions> = {}): Sender =>
  opened(createSender({ allowLoopback: true, timeoutMs: 3_000, ...options }));

export const receiver = async (
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<LocalServer> => opened(await startHttp(answer));

/** Answers these bytes, whatever they are. */
export const bytesReceiver = async (bytes: string | Buffer): Promise<LocalServer> =>
  opened(await startTcp((socket) => socket.once('data', () => socket.write(bytes))));

export const to = ({ port }: { port: number }, path = '/') => ({
  url: `http://127.0.0.1:${port}${path}`,
  headers: {},
  body: '{}',
});
