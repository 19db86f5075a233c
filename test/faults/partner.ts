import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Oracle } from './oracle.ts';

/** How a partner answers one request. */
export interface Answer {
  status?: number;
  delayMs?: number;
  /** Ends the connection without an answer. */
  reset?: boolean;
}

/** Decides on an answer when the request has been read, before a byte of the answer is out: the moment to do harm. */
export type Behaviour = (request: PartnerRequest) => Answer | undefined | Promise<Answer | undefined>;

export interface PartnerRequest {
  /** Counts from 1. */
  number: number;
  event: string;
  leadId: string;
  sequence: number;
  attempt: number;
}

export interface Partner {
  url: string;
  /** The secret that the API showed when the endpoint was made. */
  secret: string;
  behave(next: Behaviour): void;
  /** Requests so far, and the most that were open at once. */
  requests(): number;
  mostOpen(): number;
  close(): Promise<void>;
}

export const healthy: Behaviour = () => undefined;

/** Fails, breaks off and dawdles now and then; an answer that takes over half a second is handed over by the worker. */
export const flaky: Behaviour = () => {
  const dice = Math.random();
  if (dice < 0.08) return { status: 500 };
  if (dice < 0.12) return { reset: true };
  if (dice < 0.25) return { delayMs: 700 + 800 * Math.random() };
  return undefined;
};

/** A partner's real HTTP server, every request of which the oracle judges. */
export async function startPartner(oracle: Oracle, behaviour: Behaviour = healthy): Promise<Partner> {
  let current = behaviour;
  let count = 0;
  let open = 0;
  let mostOpen = 0;
  const server = createServer((message, response) => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    response.once('close', () => {
      open -= 1;
    });
    void answer(message, response).catch(() => response.destroy());
  });

  async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const take = oracle.arrived({ endpoint: partner.url, secret: partner.secret, headers: message.headers, body });
    count += 1;
    const { status = 200, delayMs = 0, reset } = (await current(describe(count, message, body))) ?? {};
    if (delayMs > 0) await sleep(delayMs);
    if (reset) return void response.destroy();
    if (status < 300) take();
    response.writeHead(status).end();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const partner: Partner = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    secret: '',
    behave: (next) => {
      current = next;
    },
    requests: () => count,
    mostOpen: () => mostOpen,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return partner;
}

function describe(number: number, { headers }: IncomingMessage, body: string): PartnerRequest {
  const { event, data } = JSON.parse(body) as { event: string; data: { lead_id: string } };
  return {
    number,
    event,
    leadId: data.lead_id,
    sequence: Number(headers['x-spark360-sequence']),
    attempt: Number(headers['x-spark360-attempt']),
  };
}
