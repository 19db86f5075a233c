import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { ApiClient } from '../../src/cli/api-client.ts';
import { type ForwardedRequest, readRequests } from '../../src/cli/listen/stream.ts';
import type { Session } from '../../src/cli/session.ts';

test('a stream that is silent for too long is taken for dead, and another one opened', async () => {
  let streams = 0;
  const server = createServer((_, response) => {
    streams += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': open\n\n');
    if (streams > 1) response.write('event: request\ndata: {"id":"a-request","headers":{},"body":"{}"}\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'sk_org_of_the_tests');
  const notes: string[] = [];
  const session = { api, out: { note: (text: string) => void notes.push(text) } } as unknown as Session;
  const request = await new Promise<ForwardedRequest>((resolve, reject) => {
    readRequests(session, '/listener', async (given) => resolve(given), { silenceMs: 300 }).catch(reject);
  });
  expect(request.id).toBe('a-request');
  expect(notes[0]).toContain('nothing was heard for too long');
  server.closeAllConnections();
  server.close();
});
