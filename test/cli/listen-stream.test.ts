import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { ApiClient } from '../../src/cli/api-client.ts';
import { type ForwardedRequest, readRequests } from '../../src/cli/listen/stream.ts';
import type { Session } from '../../src/cli/session.ts';
import { eventually } from '../support/eventually.ts';

test('a stream that is silent for too long is taken for dead, and another one opened', async () => {
  let streams = 0;
  let isDeleted = false;
  const server = createServer((_, response) => {
    streams += 1;
    if (isDeleted) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': open\n\n');
    if (streams > 1) response.write('event: request\ndata: {"id":"a-request","headers":{},"body":"{}"}\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'sk_org_of_the_tests');
  const notes: string[] = [];
  const session = { api, out: { note: (text: string) => void notes.push(text) } } as unknown as Session;
  const requests: ForwardedRequest[] = [];
  const reading = readRequests(session, '/listener', async (request) => void requests.push(request), {
    silenceMs: 300,
  });
  await eventually(() => expect(requests[0]).toMatchObject({ id: 'a-request' }));
  expect(notes[0]).toContain('nothing was heard for too long');
  isDeleted = true;
  await expect(reading).rejects.toMatchObject({ exitCode: 4 });
  server.closeAllConnections();
  server.close();
});
