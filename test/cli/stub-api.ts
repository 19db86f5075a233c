import { createServer, type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is answered in place of the service: a body as JSON, `reset` in the middle of it, null to ask the service. */
export type StubAnswer = { status?: number; body: unknown } | 'reset' | null;

export interface StubApi {
  url: string;
  /** `GET /v1/session`, in the order in which they came. */
  calls: string[];
  close(): Promise<void>;
}

/** Answers in place of the service, or in front of the one at `target`. */
export async function startStubApi(
  answer: (call: string) => StubAnswer | Promise<StubAnswer>,
  target?: string,
): Promise<StubApi> {
  const calls: string[] = [];
  const server = createServer(async (request, response) => {
    const call = `${request.method} ${request.url}`;
    calls.push(call);
    const given = await answer(call);
    if (given === null) return forward(request, response, target);
    const body = JSON.stringify(given === 'reset' ? {} : given.body);
    const status = given === 'reset' ? 200 : (given.status ?? 200);
    const type = status < 300 ? 'application/json' : 'application/problem+json';
    response.writeHead(status, { 'content-type': type, 'content-length': body.length + (given === 'reset' ? 1 : 0) });
    response.write(body, () => given === 'reset' && response.destroy());
    if (given !== 'reset') response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(request: IncomingMessage, response: ServerResponse, target: string | undefined): void {
  const { method, headers, url = '/' } = request;
  const onward = send(new URL(url, target), { method, headers }, (answered) => {
    response.writeHead(answered.statusCode ?? 502, answered.headers);
    answered.pipe(response);
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

/** A problem document, as the service gives it while a part of it is away. */
export const away = {
  status: 503,
  body: { type: 'urn:spark360:error:unavailable', title: 'Away', status: 503, detail: 'Postgres is away.', errors: [] },
};
