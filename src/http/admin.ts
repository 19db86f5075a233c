import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ExpositionParts, exposition } from '../telemetry/exposition.ts';
import { sharedForASecond } from './shared-answer.ts';

/** A probe gives up sooner than its caller does (milliseconds). */
const probeTimeoutMs = 2_000;

export interface AdminParts extends ExpositionParts {
  config: { host: string; metricsPort?: number };
  /** What this process needs, by name. A check rejects, in words that may be shown, while its part is away. */
  checks: Record<string, () => Promise<unknown>>;
}

export interface Admin {
  /** Null: METRICS_PORT is not set. */
  url: string | null;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  type: string;
  body: string;
}

/**
 * `/healthz`, `/readyz` and `/metrics` of a role that serves no API, on METRICS_PORT and without a key: for the probes and the
 * Prometheus of the network the process is in. It holds counts and states, and changes nothing. Absent METRICS_PORT: nothing.
 */
export async function startAdmin({ config, checks, ...parts }: AdminParts): Promise<Admin> {
  if (config.metricsPort === undefined) return { url: null, close: async () => undefined };

  const underWay = new Set<Promise<unknown>>();
  const tracked = <Result>(work: Promise<Result>): Promise<Result> => {
    underWay.add(work);
    const forget = () => underWay.delete(work);
    work.then(forget, forget);
    return work;
  };
  const routes: Record<string, () => Promise<Answer>> = {
    '/healthz': async () => json(200, { status: 'ok' }),
    '/readyz': sharedForASecond(async () => {
      const states = Object.fromEntries(
        await Promise.all(
          Object.entries(checks).map(async ([part, check]) => [part, await stateOf(() => tracked(check()))] as const),
        ),
      );
      const isReady = Object.values(states).every((state) => state === 'ok');
      return json(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', ...states });
    }),
    '/metrics': async () => ({
      status: 200,
      type: parts.metrics.registry.contentType,
      body: await exposition(parts),
    }),
  };

  const server = createServer((request, response) => {
    void answer(request, routes)
      .catch((error: unknown) => {
        parts.log.warn({ err: error }, 'the admin listener failed');
        return json(500, { status: 'failed' });
      })
      .then((given) => send(response, given));
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.metricsPort, config.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      // What they ask must not be closed below them; each part bounds its own answer.
      await Promise.allSettled(underWay);
    },
  };
}

async function answer({ method, url = '' }: IncomingMessage, routes: Record<string, () => Promise<Answer>>) {
  const [path = ''] = url.split('?');
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return json(404, { status: 'not found' });
  if (method !== 'GET' && method !== 'HEAD') return json(405, { status: 'method not allowed' });
  return route();
}

const json = (status: number, body: object): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
});

const send = (response: ServerResponse, { status, type, body }: Answer): void =>
  void response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);

/** `ok`, or in words what is wrong. */
async function stateOf(check: () => Promise<unknown>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, probeTimeoutMs, 'no answer');
  });
  try {
    return await Promise.race([check().then(() => 'ok', wordsOf), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Thrown by a check for words that may be shown; anything else that is thrown may hold addresses. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}

const wordsOf = (error: unknown): string => (error instanceof NotReadyError ? error.message : 'not available');
