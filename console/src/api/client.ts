import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

export type Schemas = components['schemas'];
export type Delivery = Schemas['Delivery'];
export type Attempt = Schemas['Attempt'];
export type Endpoint = Schemas['Endpoint'];
export type Problem = Schemas['Problem'];

/** An answer of the API that is no success; `problem` is null where no answer came at all. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number | null;
  readonly problem: Problem | null;
  constructor(status: number | null, problem: Problem | null) {
    super(problem?.detail ?? 'The service did not answer. Check the connection, and try again.');
    this.status = status;
    this.problem = problem;
  }
}

const signedOutListeners = new Set<() => void>();
/** Calls `listener` when the service no longer knows the session. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

// Any value does: what counts is that a page of another origin cannot set the header.
const csrfGuard: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET') request.headers.set('x-spark360-csrf', '1');
    return request;
  },
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && schemaPath !== '/v1/session') for (const listener of signedOutListeners) listener();
    return undefined;
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin });
api.use(csrfGuard);

/** The data of a success. @throws ApiProblem for anything else */
export async function unwrap<Data>(
  answer: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Exclude<Data, undefined>> {
  const { data, error, response } = await answer.catch(() => {
    throw new ApiProblem(null, null);
  });
  if (!response.ok) throw new ApiProblem(response.status, isProblem(error) ? error : null);
  return data as Exclude<Data, undefined>;
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'detail' in value && 'errors' in value;

/** The parameters of a call about one organization and nothing else. */
export const inOrganization = (organizationId: string) => ({ params: { path: { organizationId } } });

/** What an answer said of one field of the body, or of something in it; undefined: nothing. */
export function messageFor(error: unknown, path: string): string | undefined {
  const issues = error instanceof ApiProblem ? (error.problem?.errors ?? []) : [];
  return issues.find(
    (issue) => issue.path === path || (issue.path.startsWith(path) && /^[.[]/.test(issue.path.slice(path.length))),
  )?.message;
}
