import type { Dispatcher } from 'undici';
import type { AttemptResult } from '../domain/outcome.ts';
import type { GuardOptions } from './address-guard.ts';
import type { Connection } from './connection.ts';
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
   * POSTs once, without redirects. What the receiver does becomes a result within the timeout.
   * @throws a `TypeError` for what is no URL, which no endpoint's is
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
const maxConnectionAgeMs = 300_000;

/** Sends over kept-alive connections that only reach allowed addresses (spec section 4). */
export function createSender(options: SenderOptions): Sender {
  const { timeoutMs, maxOpen = 256 } = options;
  const connect = guardedConnector({ ...options, timeoutMs: Math.min(maxConnectMs, timeoutMs) });
  const endpoints = new Map<string, Endpoint>();
  const sweeper = setInterval(() => closeIdle(endpoints), maxIdleMs).unref();

  const open = (url: string): Endpoint => {
    const { origin, pathname, search } = new URL(url);
    const target = new Target({ origin, connect, maxOpen, maxAgeMs: maxConnectionAgeMs });
    const endpoint = { path: pathname + search, target };
    endpoints.set(url, endpoint);
    return endpoint;
  };

  return {
    async send({ url, headers, body }) {
      const { path, target } = endpoints.get(url) ?? open(url);
      return exchange(target, { path, method: 'POST', headers, body }, timeoutMs);
    },
    async close() {
      clearInterval(sweeper);
      await Promise.all([...endpoints.values()].map(({ target }) => target.close()));
    },
  };
}

/**
 * One attempt. Where a partner closed a kept connection between two requests, or just as this one
 * went out, it is made once more on a new connection: a reused one is never followed by another.
 */
function exchange(target: Target, request: Dispatcher.DispatchOptions, timeoutMs: number): Promise<AttemptResult> {
  return new Promise((resolve) => {
    let connection: Connection | null = null;
    const start = (given: Connection): void => {
      connection = given;
      given.run(request, attempt);
    };
    const attempt = new Exchange({
      timeoutMs,
      repeat: () => {
        if (connection?.isReused !== true) return false;
        void connection.destroy();
        queueMicrotask(() => start(target.connect()));
        return true;
      },
      settle: (result) => {
        if (connection !== null) target.release(connection, attempt.isAnswered);
        resolve(result);
      },
    });
    target.run({ isSettled: () => attempt.settled, start });
  });
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
