import type { Problem } from '../http/problem.ts';
import { apiError, unauthorizedError, unreachableError } from './errors.ts';

/** One page of a list of the API. */
export interface Page<Item> {
  data: Item[];
  next_cursor: string | null;
}

export type Query = Record<string, string | number | boolean | undefined>;

export interface CallOptions {
  body?: unknown;
  query?: Query;
  /** Gives the call up. */
  signal?: AbortSignal;
}

/** Longer than the service waits for its own parts (milliseconds). */
const timeoutMs = 30_000;
const largestPage = 100;

/** The HTTP API as the command line uses it. Whatever is no success is thrown as a `CliError` with its exit code. */
export class ApiClient {
  readonly url: string;
  readonly #key: string | undefined;

  constructor(url: string, key: string | undefined) {
    this.url = url.replace(/\/+$/, '');
    this.#key = key;
  }

  async call<Answer>(method: string, path: string, { body, query, signal }: CallOptions = {}): Promise<Answer> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const response = await this.fetch(method, path, {
      body,
      ...(query !== undefined && { query }),
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    });
    const text = await this.#reach(() => response.text());
    return (text === '' ? null : JSON.parse(text)) as Answer;
  }

  /** Goes through a list's pages until `limit` items are there. */
  async list<Item>(path: string, { query = {}, limit = 50 }: { query?: Query; limit?: number } = {}) {
    const all: Page<Item> = { data: [], next_cursor: null };
    do {
      const size = Math.min(limit - all.data.length, largestPage);
      const cursor = all.next_cursor ?? undefined;
      const page = await this.call<Page<Item>>('GET', path, { query: { ...query, limit: size, cursor } });
      all.data.push(...page.data);
      all.next_cursor = page.next_cursor;
    } while (all.next_cursor !== null && all.data.length < limit);
    return all;
  }

  /** A successful response, its body unread. Without a time limit of its own: a stream may last. */
  async fetch(method: string, path: string, { body, query = {}, signal }: CallOptions): Promise<Response> {
    if (this.#key === undefined) {
      throw unauthorizedError('No key is set. Run `spark360 login`, or set SPARK360_API_KEY.');
    }
    const url = new URL(`${this.url}${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const response = await this.#reach(() =>
      fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${this.#key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal !== undefined && { signal }),
      }),
    );
    if (!response.ok) throw apiError(await this.#reach(() => problemOf(response)));
    return response;
  }

  /** The connection may fail at an answer's body as well. */
  async #reach<Answer>(read: () => Promise<Answer>): Promise<Answer> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof SyntaxError) throw error;
      const cause = (error as Error).cause as { code?: string } | undefined;
      const reason = (error as Error).name === 'TimeoutError' ? `no answer within ${timeoutMs / 1_000} s` : cause?.code;
      throw unreachableError(`${this.url} does not answer${reason === undefined ? '' : ` (${reason})`}.`, error);
    }
  }
}

/** What is no problem document comes from something in front of the service: a proxy's page is not shown. */
async function problemOf(response: Response): Promise<Problem> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
  if (isProblem) return (await response.json()) as Problem;
  await response.body?.cancel();
  return {
    type: 'about:blank',
    title: response.statusText || 'An answer that is no success',
    status: response.status,
    detail: `${new URL(response.url).origin} answered ${response.status}, without a problem document.`,
    errors: [],
  };
}
