import { setTimeout as sleep } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Session } from '../session.ts';

/** A signed request, as the worker made it. */
export interface ForwardedRequest {
  id: string;
  headers: Record<string, string>;
  body: string;
}

const shortestPauseMs = 250;
const longestPauseMs = 5_000;
/** The service writes something every 15 seconds: after three times that, the connection is dead (milliseconds). */
const longestSilenceMs = 45_000;

/**
 * Hands each request of a listener's stream to `handle`, without waiting for it: the order of a lead is kept by the
 * sender, which sends nothing before the answer to what goes first. A stream that ends is opened again. Never resolves.
 */
export async function readRequests(
  { api, out }: Session,
  path: string,
  handle: (request: ForwardedRequest) => Promise<void>,
  { silenceMs = longestSilenceMs }: { silenceMs?: number } = {},
): Promise<never> {
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event !== 'request') return;
      const request = JSON.parse(data) as ForwardedRequest;
      // Too late to be taken is no end: the attempt is made again.
      handle(request).catch((error: Error) => out.note(`${request.id}: ${error.message}`));
    },
  });
  for (let pauseMs = shortestPauseMs; ; ) {
    const silence = new AbortController();
    const deadline = setTimeout(() => silence.abort(new Error('nothing was heard for too long')), silenceMs);
    try {
      const response = await api.fetch('GET', `${path}/requests`, { signal: silence.signal });
      pauseMs = shortestPauseMs;
      parser.reset();
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        deadline.refresh();
        parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
      }
    } catch (error) {
      if (isFinal(error)) throw error;
      out.note(`The stream ended (${(error as Error).message}): opened again in ${pauseMs} ms`);
    } finally {
      clearTimeout(deadline);
    }
    await sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

/** What trying again does not change: the endpoint is deleted, or the key is. */
export const isFinal = (error: unknown): boolean =>
  error instanceof CliError && (error.exitCode === exitCodes.notFound || error.exitCode === exitCodes.unauthorized);
