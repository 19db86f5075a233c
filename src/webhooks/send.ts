import { Pool } from 'undici';
import type { AttemptResult } from '../domain/outcome.ts';
import type { GuardOptions } from './address-guard.ts';
import { guardedConnector } from './connector.ts';
import { Exchange } from './exchange.ts';
import { Target } from './target.ts';

export interface SendRequest {
  url: string;
  headers: Record<string, string>;
  /** The frozen body. */
  body: string;
}

export interface Sender {
  /**
   * POSTs once, without redirects. Whatever the receiver does becomes a result within the timeout. Rejects with a `TypeError`
   * only for what is no URL, which no endpoint's is.
   */
  send(request: SendRequest): Promise<AttemptResult>;
  /** Waits for what is under way, then closes the connections. */
  close(): Promise<void>;
}

export interface SenderOptions extends GuardOptions {
  /** For a whole attempt, from name look-up to headers; the body adds nothing beyond it. */
  timeoutMs: number;
  /** Open requests to one endpoint, in this process: others wait their turn within their own timeout. */
  maxOpen?: number;
  /** Certificate authorities to trust instead of the system's, PEM. */
  ca?: string;
}

const maxConnectMs = 10_000;
const maxIdleMs = 60_000;
const maxPoolAgeMs = 300_000;

/** Sends over kept-alive connections that only reach allowed addresses (spec section 4). */
export function createSender(options: SenderOptions): Sender {
  const { timeoutMs, maxOpen = 256 } = options;
  const connect = guardedConnector({ ...options, timeoutMs: Math.min(maxConnectMs, timeoutMs) });
  const endpoints = new Map<string, Endpoint>();
  const sweeper = setInterval(() => closeIdle(endpoints), maxIdleMs).unref();

  const open = (url: string): Endpoint => {
    const { origin, pathname, search } = new URL(url);
    // The exchange has its own clock, so undici's are off. One request at a time on a connection: the next must not wait for it.
    const openPool = () =>
      new Pool(origin, { connect, pipelining: 1, allowH2: false, headersTimeout: 0, bodyTimeout: 0 });
    const endpoint = { path: pathname + search, target: new Target({ openPool, maxOpen, maxAgeMs: maxPoolAgeMs }) };
    endpoints.set(url, endpoint);
    return endpoint;
  };

  return {
    async send({ url, headers, body }) {
      const { path, target } = endpoints.get(url) ?? open(url);
      return new Promise((resolve) => {
        let started = false;
        const exchange = new Exchange(timeoutMs, (result) => {
          if (started) target.release();
          resolve(result);
        });
        target.run({
          isSettled: () => exchange.settled,
          start: (pool) => {
            started = true;
            pool.dispatch({ path, method: 'POST', headers, body }, exchange);
          },
        });
      });
    },
    async close() {
      clearInterval(sweeper);
      await Promise.all([...endpoints.values()].map(({ target }) => target.close()));
    },
  };
}

interface Endpoint {
  path: string;
  target: Target;
}

function closeIdle(endpoints: Map<string, Endpoint>): void {
  for (const [url, { target }] of endpoints) {
    if (!target.isIdleSince(Date.now() - maxIdleMs)) continue;
    endpoints.delete(url);
    void target.close();
  }
}
