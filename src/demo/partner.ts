import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** What a partner knows of a webhook that arrived. */
export interface Arrival {
  event: string;
  eventId: string;
  sequence: string | null;
  /** Null when both signatures hold, else what is wrong. */
  problem: string | null;
  /** Epoch milliseconds. */
  at: number;
}

export interface Partner {
  url: string;
  /** The secret is known only after the endpoint with our URL was created. */
  trust(secret: string): void;
  close(): Promise<void>;
}

/** A partner's receiver as the public documentation tells partners to write one, on loopback. It shares no code with the sender. */
export async function startPartner(onArrival: (arrival: Arrival) => void): Promise<Partner> {
  let secret = '';
  const server = createServer((request, response) => {
    void readBody(request)
      .then((body) => {
        const problem = verify(body, request.headers, secret);
        response.writeHead(problem === null ? 200 : 401).end();
        onArrival(describe(request.headers, problem));
      })
      .catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/spark360`,
    trust: (known) => {
      secret = known;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const describe = (headers: IncomingHttpHeaders, problem: string | null): Arrival => ({
  event: header(headers, 'x-spark360-event'),
  eventId: header(headers, 'webhook-id'),
  sequence: header(headers, 'x-spark360-sequence') || null,
  problem,
  at: Date.now(),
});

function verify(body: Buffer, headers: IncomingHttpHeaders, secret: string): string | null {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(header(headers, 'x-spark360-signature'));
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    return 'X-Spark360-Signature does not hold';
  try {
    new Webhook(secret).verify(body, {
      'webhook-id': header(headers, 'webhook-id'),
      'webhook-timestamp': header(headers, 'webhook-timestamp'),
      'webhook-signature': header(headers, 'webhook-signature'),
    });
    return null;
  } catch (error) {
    return `Standard Webhooks: ${(error as Error).message}`;
  }
}

const header = (headers: IncomingHttpHeaders, name: string): string => String(headers[name] ?? '');

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
