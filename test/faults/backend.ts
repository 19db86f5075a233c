import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'node:http';
import { connect, type BackendClient } from '../../src/client.ts';
import { aLead, type InboundEvent, type LeadEvents } from '../support/lead-events.ts';
import type { Cluster } from './cluster.ts';

export type Way = 'http' | 'client' | 'outbox';
export const ways: Way[] = ['http', 'client', 'outbox'];

/** One lead and what the backend has been told of it. */
export interface SentLead {
  leadId: string;
  way: Way;
  /** When all its steps were accepted (performance.now()); null before. */
  acceptedAt: number | null;
}

/** The backend: sends leads through the three ways in, each step with the same id until it is accepted. */
export interface Backend {
  /** Resolves when every step is accepted. */
  send(organizationId: string, way: Way, options?: SendOptions): { lead: SentLead; accepted: Promise<void> };
  /** One event over HTTP, without repeating: the status and how long it took; 0 when the connection failed. */
  post(event: unknown, url?: string): Promise<Posted>;
  /** Whatever was not accepted and sent once more, in words. */
  failures: string[];
  /** Answers that no fault excuses. */
  surprises: string[];
  close(): Promise<void>;
}

export interface SendOptions {
  /** Between two steps (milliseconds). */
  spacingMs?: number;
  /** Where HTTP goes; by default to the API processes in turn. */
  url?: string;
  steps?: (lead: LeadEvents) => InboundEvent[];
}

export interface Posted {
  status: number;
  retryAfter: string | null;
  body: string;
  tookMs: number;
}

const retryMs = 150;
/** Longer than the API takes for a hundred events at the most. */
const patienceMs = 15_000;

/** The four steps of a whole journey, the middle ones in any order. */
export function shuffledJourney(lead: LeadEvents): InboundEvent[] {
  const middle = [lead.details(), lead.personal(), lead.enrichment(), lead.contact()];
  return [lead.created(), ...middle.toSorted(() => Math.random() - 0.5)];
}

export async function startBackend(cluster: Cluster): Promise<Backend> {
  const client: BackendClient = await connect({
    address: cluster.toTemporal.address,
    namespace: 'default',
    encryptionKeys: cluster.encryptionKeys,
  });
  const agent = new Agent({ keepAlive: true });
  const failures: string[] = [];
  const surprises: string[] = [];
  let isOpen = true;

  function post(event: unknown, url = cluster.apiUrls[0] ?? ''): Promise<Posted> {
    const startedAt = performance.now();
    const body = JSON.stringify(event);
    return new Promise((resolve) => {
      const done = (status: number, retryAfter: string | null, text: string): void =>
        resolve({ status, retryAfter, body: text, tookMs: performance.now() - startedAt });
      const call = request(`${url}/v1/events`, {
        agent,
        method: 'POST',
        headers: {
          authorization: `Bearer ${cluster.adminKey}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
        timeout: patienceMs,
      });
      call.once('timeout', () => call.destroy(new Error('no answer')));
      call.once('error', (error) => done(0, null, error.message));
      call.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.once('end', () => done(response.statusCode ?? 0, response.headers['retry-after'] ?? null, text));
        response.once('error', (error) => done(0, null, error.message));
      });
      call.end(body);
    });
  }

  /** Null when it is accepted, else why not. */
  type Send = (event: InboundEvent, url: string | undefined) => Promise<string | null>;
  const overHttp: Send = async (event, url) => {
    const { status, body } = await post(event, url);
    if (status === 202) return null;
    const failure = `POST /v1/events: ${status} ${body}`;
    if (status !== 503 && status !== 0) surprises.push(failure);
    return failure;
  };
  const acceptance = (accepted: Promise<unknown>): Promise<string | null> =>
    accepted.then(
      () => null,
      (error: Error) => error.message,
    );
  const overClient: Send = (event) => acceptance(client.publish(event as Parameters<BackendClient['publish']>[0]));
  const overOutbox: Send = (event) =>
    acceptance(cluster.db.query('select spark360.publish($1::jsonb)', [JSON.stringify(event)]));
  const waysIn = { http: overHttp, client: overClient, outbox: overOutbox };

  async function insist(way: Way, event: InboundEvent, url: string | undefined): Promise<void> {
    for (let tries = 0; isOpen; tries += 1) {
      const failure = await waysIn[way](event, url ?? cluster.apiUrls[tries % cluster.apiUrls.length]);
      if (failure === null) return;
      failures.push(`${way}: ${failure}`);
      await sleep(retryMs);
    }
  }

  return {
    post,
    failures,
    surprises,
    send(organizationId, way, { spacingMs = 0, steps = shuffledJourney, url } = {}) {
      const events = aLead(organizationId);
      const lead: SentLead = { leadId: events.leadId, way, acceptedAt: null };
      const sendAll = async (): Promise<void> => {
        for (const event of steps(events)) {
          await insist(way, event, url);
          if (spacingMs > 0) await sleep(spacingMs * (0.5 + Math.random()));
        }
        lead.acceptedAt = performance.now();
      };
      return { lead, accepted: sendAll() };
    },
    async close() {
      isOpen = false; // a test that failed leaves senders behind
      agent.destroy();
      await client.close();
    },
  };
}
