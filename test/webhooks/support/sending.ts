import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
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

/** One whole request as it was read: `text` is all of it, `number` counts from 1 on its connection. */
export interface RawRequest {
  socket: Socket;
  text: string;
  number: number;
  connection: number;
}

/** Calls `answer` for each request whose body is all there; writes nothing by itself. */
export async function scriptedReceiver(answer: (request: RawRequest) => void): Promise<LocalServer> {
  let connections = 0;
  const server = await startTcp((socket) => {
    connections += 1;
    const connection = connections;
    let [text, number] = ['', 0];
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = endOfRequest(text); end !== null; end = endOfRequest(text)) {
        number += 1;
        const request = { socket, text: text.slice(0, end), number, connection };
        text = text.slice(end);
        answer(request);
      }
    });
  });
  return opened(server);
}

function endOfRequest(text: string): number | null {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return null;
  const length = /^content-length: (\d+)$/im.exec(text.slice(0, head))?.[1] ?? '0';
  const end = head + 4 + Number(length);
  return text.length < end ? null : end;
}
