import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import { expect } from '@jest/globals';

/** What a listener is to send on. */
export interface StreamedRequest {
  id: string;
  headers: Record<string, string>;
  body: string;
}

/**
 * Opens a stream and collects what it gets. Not by fetch:
 * it keeps a spare connection, which a closing server waits for.
 */
export async function openStream(
  url: string,
  key: string,
): Promise<{ stream: ClientRequest; requests: StreamedRequest[] }> {
  const stream = get(url, { headers: { authorization: `Bearer ${key}` } });
  const requests: StreamedRequest[] = [];
  const parser = createParser({ onEvent: ({ data }) => void requests.push(JSON.parse(data)) });
  const [response] = (await once(stream, 'response')) as [IncomingMessage];
  stream.on('error', () => undefined);
  response.on('error', () => undefined);
  response.setEncoding('utf8').on('data', (chunk: string) => parser.feed(chunk));
  expect(response.headers['content-type']).toBe('text/event-stream');
  return { stream, requests };
}
