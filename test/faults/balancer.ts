import assert from 'node:assert/strict';
import { Agent, createServer, request as requestTo, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';

/** A reverse proxy before the API processes. It repeats nothing: a request that one of them drops is answered 502. */
export interface Balancer {
  url: string;
  /** Resolves when its last look at each of them said that it is ready. */
  allReady(): Promise<void>;
  close(): Promise<void>;
}

const checkMs = 1_000;

/** Passes requests in turn to those whose /readyz said last that they are ready. */
export async function startBalancer(urls: readonly string[]): Promise<Balancer> {
  const readiness = watchReadiness(urls);
  const agent = new Agent({ keepAlive: true });
  let turn = 0;
  const server = createServer((request, response) => {
    const ready = urls.filter(readiness.isReady);
    const target = ready[turn++ % ready.length] ?? urls[0];
    const headers = ofMessage(request.headers);
    const passed = requestTo(`${target}${request.url}`, { agent, method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, ofMessage(answer.headers));
      answer.once('error', () => response.destroy()).pipe(response);
    });
    passed.once('error', ({ message }) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end(`${target}: ${message}`);
    });
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    allReady: () => eventually(() => assert(urls.every(readiness.isReady))),
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      await readiness.close();
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** RFC 9110 §7.6.1: `connection` is about one hop. */
const ofMessage = ({ connection: _, ...headers }: IncomingHttpHeaders): IncomingHttpHeaders => headers;

function watchReadiness(urls: readonly string[]): { isReady(url: string): boolean; close(): Promise<void> } {
  const ready = new Set(urls);
  let isOpen = true;
  const watch = async (url: string): Promise<void> => {
    while (isOpen) {
      const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(checkMs) }).catch(() => null);
      await response?.arrayBuffer().catch(() => undefined);
      if (response?.ok) ready.add(url);
      else ready.delete(url);
      await sleep(checkMs);
    }
  };
  const watching = Promise.all(urls.map(watch));
  return {
    isReady: (url) => ready.has(url),
    async close() {
      isOpen = false;
      await watching;
    },
  };
}
