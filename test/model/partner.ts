import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a partner's server is at the moment. */
export const moods = ['well', 'failing', 'busy', 'rejecting', 'gone', 'hanging', 'slow', 'flaky'] as const;
export type Mood = (typeof moods)[number];

/** One request as the partner saw it, and what it said. Times are epoch milliseconds. */
export interface Arrival {
  leadId: string;
  eventId: string;
  event: string;
  deliveryId: string;
  attemptId: string;
  sequence: number;
  attempt: number;
  /** Outside the order: a resend or a recovery. */
  isResend: boolean;
  headers: IncomingMessage['headers'];
  body: string;
  at: number;
  /** Null: no answer, or none yet. */
  status: number | null;
  answeredAt: number | null;
}

export interface Partner {
  url: string;
  arrivals: Arrival[];
  mood: Mood;
  close(): Promise<void>;
}

/** Below the service's timeout by far, and above what a workflow task waits. */
const slowMs = 700;

/** A partner's server on loopback that writes down everything. `random` is in [0, 1). */
export async function startPartner(random: () => number): Promise<Partner> {
  const arrivals: Arrival[] = [];
  const server = createServer((request, response) => {
    void receive(request)
      .then((arrival) => {
        arrivals.push(arrival);
        return answer(response, arrival, partner.mood, random);
      })
      .catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const partner: Partner = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    mood: 'well',
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return partner;
}

async function receive(request: IncomingMessage): Promise<Arrival> {
  const at = Date.now();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  const {
    event,
    event_id: eventId,
    data,
  } = JSON.parse(body) as {
    event: string;
    event_id: string;
    data: { lead_id: string };
  };
  const { headers } = request;
  return {
    leadId: data.lead_id,
    eventId,
    event,
    deliveryId: String(headers['x-spark360-delivery']),
    attemptId: String(headers['x-spark360-attempt-id']),
    sequence: Number(headers['x-spark360-sequence']),
    attempt: Number(headers['x-spark360-attempt']),
    isResend: headers['x-spark360-resend'] === 'true',
    headers,
    body,
    at,
    status: null,
    answeredAt: null,
  };
}

async function answer(response: ServerResponse, arrival: Arrival, mood: Mood, random: () => number): Promise<void> {
  const [status, delayMs] = answerOf(mood, random());
  if (status === null) return;
  if (delayMs > 0) await sleep(delayMs);
  // Written down before it is sent: what the service does next must not come first.
  arrival.status = status;
  arrival.answeredAt = Date.now();
  response.writeHead(status, status === 429 ? { 'retry-after': '1' } : {}).end();
}

function answerOf(mood: Mood, chance: number): [status: number | null, delayMs: number] {
  switch (mood) {
    case 'well':
      return [200, 0];
    case 'failing':
      return [500, 0];
    case 'busy':
      return [429, 0];
    case 'rejecting':
      return [400, 0];
    case 'gone':
      return [410, 0];
    case 'hanging':
      return [null, 0];
    case 'slow':
      return [204, slowMs];
    case 'flaky':
      if (chance < 0.1) return [null, 0];
      if (chance < 0.4) return [503, Math.round(chance * 300)];
      if (chance < 0.45) return [404, 0];
      return [200, chance < 0.7 ? 0 : slowMs];
  }
}
