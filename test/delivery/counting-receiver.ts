import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One webhook as it arrived. */
export interface Arrived {
  leadId: string;
  eventId: string;
  sequence: number;
  attempt: number;
  /** Epoch milliseconds. */
  at: number;
}

/** A partner's server that counts what it has open by its connections, as a load balancer in front of it would. */
export interface CountingReceiver {
  url: string;
  arrived: Arrived[];
  open: { now: number; most: number };
  behave(answer: (response: ServerResponse, request: Arrived) => void): void;
  close(): Promise<void>;
}

export const hang = (): void => undefined;
export const accept = (response: ServerResponse): void => void response.writeHead(200).end();

export async function startCountingReceiver(
  first: (response: ServerResponse, request: Arrived) => void = accept,
): Promise<CountingReceiver> {
  let answer = first;
  const arrived: Arrived[] = [];
  const open = { now: 0, most: 0 };
  const server = createServer((request, response) => {
    open.now += 1;
    open.most = Math.max(open.most, open.now);
    response.once('close', () => {
      open.now -= 1;
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const { event_id: eventId, data } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
        event_id: string;
        data: { lead_id: string };
      };
      const one = {
        leadId: data.lead_id,
        eventId,
        sequence: Number(request.headers['x-spark360-sequence']),
        attempt: Number(request.headers['x-spark360-attempt']),
        at: Date.now(),
      };
      arrived.push(one);
      answer(response, one);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    open,
    behave: (next) => {
      answer = next;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
