import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createReceiver } from '../../examples/receivers/typescript/receiver.ts';

/** A webhook that arrived. */
export interface Arrival {
  event: string;
  sequence: string | null;
  /** Whether a signature held; else the partner refused it. */
  verified: boolean;
  /** Epoch milliseconds. */
  at: number;
}

export interface Partner {
  url: string;
  /** The secret is known only after the endpoint with our URL was created. */
  trust(secret: string): void;
  close(): Promise<void>;
}

/** The receiver that partners are given as an example, on loopback, with its events in memory. */
export async function startPartner(onArrival: (arrival: Arrival) => void): Promise<Partner> {
  const secrets: string[] = [];
  const server = createReceiver({ secrets });
  server.on('request', (request, response) => {
    response.once('finish', () => onArrival(describe(request.headers, response.statusCode)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/spark360`,
    trust: (secret) => void secrets.push(secret),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const describe = (headers: IncomingHttpHeaders, status: number): Arrival => ({
  event: String(headers['x-spark360-event'] ?? ''),
  sequence: headers['x-spark360-sequence'] === undefined ? null : String(headers['x-spark360-sequence']),
  verified: status === 200 || status === 204,
  at: Date.now(),
});
