import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export { eventually } from './eventually.ts';

/** One webhook as a partner's server sees it. */
export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The bytes that were signed. */
  rawBody: Buffer;
  /** The parsed body; null when it is not JSON. */
  json: unknown;
  /** Epoch milliseconds. */
  at: number;
}

/** What to answer; everything is optional, the default is an empty 200 at once. */
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  delayMs?: number;
  /** Never answers: the request stays open until the sender or `close` ends it. */
  hang?: boolean;
  /** Ends the connection without an answer. */
  reset?: boolean;
}

export type Handler = (request: ReceivedRequest, index: number) => Answer | Promise<Answer>;

export interface Receiver {
  /** http://127.0.0.1:port */
  url: string;
  port: number;
  /** Every request, in order of arrival. */
  requests: ReceivedRequest[];
  /** The `X-Spark360-Event` of each. */
  eventNames(): (string | undefined)[];
  /** Replaces the handler from the next request on. */
  answer(next: Handler | Answer): void;
  close(): Promise<void>;
}

/** A real HTTP server on loopback that records each request before it answers; port 0 is any free one. */
export async function startReceiver(handler: Handler | Answer = {}, port = 0): Promise<Receiver> {
  let current = asHandler(handler);
  const requests: ReceivedRequest[] = [];
  const server = createServer((message, response) => {
    void (async () => {
      const request = await receive(message);
      await reply(response, await current(request, requests.push(request) - 1));
    })().catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actual}`,
    port: actual,
    requests,
    eventNames: () => requests.map(({ headers }) => headers['x-spark360-event'] as string | undefined),
    answer: (next) => {
      current = asHandler(next);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const asHandler = (handler: Handler | Answer): Handler => (typeof handler === 'function' ? handler : () => handler);

async function receive(message: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const rawBody = Buffer.concat(chunks);
  const { method = '', url: path = '', headers } = message;
  return { method, path, headers, rawBody, json: parse(rawBody), at: Date.now() };
}

async function reply(
  response: ServerResponse,
  { status = 200, headers = {}, body = '', delayMs = 0, hang, reset }: Answer,
): Promise<void> {
  if (delayMs > 0) await sleep(delayMs);
  if (hang) return;
  if (reset) {
    response.destroy();
    return;
  }
  response.writeHead(status, headers).end(body);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
