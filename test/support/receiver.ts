import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { held } from './held.ts';

export { eventually } from './eventually.ts';

/** One webhook as a partner's server sees it, and what it answered. What a request does not say is '' or NaN. */
export interface ReceivedRequest {
  /** Counts from 1. */
  number: number;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The bytes that were signed. */
  rawBody: Buffer;
  /** The parsed body; null when it is not JSON. */
  json: unknown;
  event: string;
  eventId: string;
  leadId: string;
  deliveryId: string;
  attemptId: string;
  sequence: number;
  attempt: number;
  /** Outside the order: a resend or a recovery. */
  isResend: boolean;
  /** Epoch milliseconds. */
  at: number;
  /** Null: no answer, or none yet. */
  status: number | null;
  answeredAt: number | null;
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

/** Decides when a request has been read, before a byte of the answer is out: the moment to do harm. */
export type Handler = (request: ReceivedRequest, index: number) => Answer | undefined | Promise<Answer | undefined>;

/** Sees every request whatever the handler; what it gives is called just before a 2xx goes out. */
export type Watcher = (request: ReceivedRequest) => () => void;

export interface Receiver {
  /** http://127.0.0.1:port */
  url: string;
  port: number;
  /** Every request, in order of arrival. */
  requests: ReceivedRequest[];
  /** How many are open, and the most that ever were, as a load balancer in front of it counts them. */
  open: { now: number; most: number };
  /** The `X-Spark360-Event` of each. */
  eventNames(): (string | undefined)[];
  /** Replaces the handler from the next request on. */
  answer(next: Handler | Answer): void;
  /** From the next request on those that `which` picks wait until what it gives is called; then all are answered so. */
  hold(which: (request: ReceivedRequest) => boolean, then?: Answer): () => void;
  close(): Promise<void>;
}

/** A real HTTP server on loopback that records each request before it answers; port 0 is any free one. */
export async function startReceiver(
  handler: Handler | Answer = {},
  port = 0,
  watch: Watcher = () => () => undefined,
): Promise<Receiver> {
  let current = asHandler(handler);
  const requests: ReceivedRequest[] = [];
  const open = { now: 0, most: 0 };
  const server = createServer((message, response) => {
    open.now += 1;
    open.most = Math.max(open.most, open.now);
    response.once('close', () => {
      open.now -= 1;
    });
    void (async () => {
      const request = await receive(message);
      request.number = requests.push(request);
      const onTaken = watch(request);
      await reply(response, request, (await current(request, request.number - 1)) ?? {}, onTaken);
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
    open,
    eventNames: () => requests.map(({ headers }) => headers['x-spark360-event'] as string | undefined),
    answer: (next) => {
      current = asHandler(next);
    },
    hold(which, then = {}) {
      const { released, release } = held();
      current = async (request) => {
        if (which(request)) await released;
        return then;
      };
      return release;
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
  const json = parse(rawBody);
  const { event, event_id, data } = (json ?? {}) as Partial<{ event: string; event_id: string; data: object }>;
  return {
    number: 0,
    ...{ method, path, headers, rawBody, json },
    event: event ?? '',
    eventId: event_id ?? '',
    leadId: (data as { lead_id?: string } | undefined)?.lead_id ?? '',
    deliveryId: String(headers['x-spark360-delivery'] ?? ''),
    attemptId: String(headers['x-spark360-attempt-id'] ?? ''),
    sequence: Number(headers['x-spark360-sequence'] ?? Number.NaN),
    attempt: Number(headers['x-spark360-attempt'] ?? Number.NaN),
    isResend: headers['x-spark360-resend'] === 'true',
    at: Date.now(),
    status: null,
    answeredAt: null,
  };
}

async function reply(
  response: ServerResponse,
  request: ReceivedRequest,
  { status = 200, headers = {}, body = '', delayMs = 0, hang, reset }: Answer,
  onTaken: () => void,
): Promise<void> {
  if (delayMs > 0) await sleep(delayMs);
  if (hang) return;
  if (reset) {
    response.destroy();
    return;
  }
  // Written down before it is sent: what the service does next must not come first.
  request.status = status;
  request.answeredAt = Date.now();
  if (status >= 200 && status < 300) onTaken();
  response.writeHead(status, headers).end(body);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
