/**
 * One thing that is wrong with an input:
 * where (`data.object.addressInfo.zip`) and what (`expected string`). Never the value.
 */
export interface InputIssue {
  path: string;
  message: string;
}

/** The most issues that one error names (spec section 7): an input may have a hundred thousand. */
const maxIssues = 100;

/** `path: message; …` of the first `maxIssues`. */
export function joinIssues(issues: readonly InputIssue[]): string {
  const named = issues.slice(0, maxIssues).map(({ path, message }) => `${path}: ${message}`);
  return [...named, ...(issues.length > maxIssues ? ['and more'] : [])].join('; ');
}

/**
 * An inbound event that is malformed: nothing of it was applied.
 * The message joins the issues; both name `maxIssues` at most.
 */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
  readonly issues: readonly InputIssue[];
  constructor(issues: readonly InputIssue[]) {
    super(joinIssues(issues));
    this.issues = issues.slice(0, maxIssues);
  }
}

/**
 * Every error the HTTP API can answer: the one table behind the code, the OpenAPI document and docs/api-errors.md (a
 * test compares them). `meaning` says what happened and what the caller can do about it.
 */
export const apiErrors = {
  bad_request: {
    status: 400,
    title: 'The request is not valid HTTP for this API',
    meaning: 'The path, a header or the framing of the request cannot be read.',
  },
  malformed_json: {
    status: 400,
    title: 'The body is not valid JSON',
    meaning: 'The body is not JSON in UTF-8. Nothing was applied.',
  },
  invalid_query: {
    status: 400,
    title: 'A query parameter is unknown or malformed',
    meaning: '`errors` names each parameter. A cursor is only valid as it was given by the list itself.',
  },
  unauthorized: {
    status: 401,
    title: 'A valid key is needed',
    meaning:
      'Send `Authorization: Bearer <key>` with a key that exists and was not deleted, or the cookie of a session that has not ended.',
  },
  forbidden: {
    status: 403,
    title: 'This key may not do that',
    meaning: 'The role of the key or session never allows this call, or the session may only read.',
  },
  cross_site_request: {
    status: 403,
    title: 'The request comes from another site',
    meaning:
      "What changes something with a session's cookie comes from our own pages, with the header `X-Spark360-CSRF`. Nothing was applied.",
  },
  not_found: {
    status: 404,
    title: 'There is nothing here',
    meaning: 'The path, the organization or the id is unknown, malformed, or belongs to another organization.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The path does not support this method',
    meaning: 'The `Allow` header lists the methods it supports.',
  },
  id_conflict: {
    status: 409,
    title: 'An inbound id was used before with other content',
    meaning: 'Nothing of the request was applied; `errors` names the events. A new event needs a new id.',
  },
  delivery_not_settled: {
    status: 409,
    title: 'The delivery is not settled',
    meaning:
      'Only a delivered or abandoned one can be sent again. This one still goes out by itself, or can be skipped.',
  },
  delivery_settled: {
    status: 409,
    title: 'The delivery is settled',
    meaning: 'What is delivered or abandoned cannot be skipped.',
  },
  resend_under_way: {
    status: 409,
    title: 'The delivery is being sent again already',
    meaning: 'Look at its attempts; once that one is made, it can be sent again.',
  },
  endpoint_deleted: {
    status: 409,
    title: 'The endpoint of the delivery is deleted',
    meaning: 'Nothing is sent there any more.',
  },
  lead_erased: {
    status: 409,
    title: 'The lead was erased',
    meaning: 'Its personal data is gone, and with it what was sent; only its ids are left.',
  },
  too_many_endpoints: {
    status: 409,
    title: 'The organization has as many endpoints as it may have',
    meaning: 'Delete one that is no longer needed; the operator sets the limit (`MAX_ENDPOINTS`).',
  },
  too_many_api_keys: {
    status: 409,
    title: 'There are as many keys as there may be',
    meaning: 'An organization has at most 100 keys, and so have the backends. Delete one that is no longer needed.',
  },
  recovery_running: {
    status: 409,
    title: 'A recovery of this endpoint is running',
    meaning: 'One at a time: wait until the job that `detail` names is done.',
  },
  already_enriched: {
    status: 409,
    title: 'lead.enriched was emitted already',
    meaning: 'There is nothing left to complete.',
  },
  enrichment_blocked: {
    status: 409,
    title: 'Too little is known to complete the enrichment',
    meaning: '`errors` names what is missing: the address, the personal information.',
  },
  payload_too_large: {
    status: 413,
    title: 'The request is too large',
    meaning:
      'A request may have 64 KiB; one with events, or to the codec, 4 MiB: hand over fewer events at a time. Nothing was applied.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body must be application/json',
    meaning: 'Send `Content-Type: application/json`, and no `Content-Encoding`: compressed bodies are not read.',
  },
  invalid_body: {
    status: 422,
    title: 'The body is not what this call takes',
    meaning: '`errors` names each field that is missing or wrong, or each event above 256 KiB. Nothing was applied.',
  },
  too_many_reads: {
    status: 429,
    title: 'Too many reads of the organization are under way',
    meaning: 'Lists, leads and recoveries of one organization: 8 at once. Repeat after `Retry-After` seconds.',
  },
  too_many_sign_ins: {
    status: 429,
    title: 'Too many sign-ins failed',
    meaning: 'Ten failed from this address within a minute. Try again after `Retry-After` seconds; keys go on working.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong here',
    meaning: 'A defect of the service; its log has the cause. An event may be sent again with the same id.',
  },
  unavailable: {
    status: 503,
    title: 'A part the service needs is away',
    meaning:
      'Repeat after `Retry-After` seconds. Of a request with events a prefix may be applied: repeat it with the same ids.',
  },
} as const satisfies Record<string, { status: number; title: string; meaning: string }>;

export type ApiErrorCode = keyof typeof apiErrors;

/**
 * An answer of the API that is not a success. `detail` and `issues` (the first `maxIssues`) reach the caller: never a
 * secret or a value of the request.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly issues: readonly InputIssue[];
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    code: ApiErrorCode,
    detail: string = apiErrors[code].meaning,
    {
      issues = [],
      headers = {},
      cause,
    }: { issues?: readonly InputIssue[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, { cause });
    this.code = code;
    this.issues = issues.slice(0, maxIssues);
    this.headers = headers;
  }
}

/** What a call does not take in its body; the detail joins the issues, `path: message`. */
export const invalidBody = (issues: readonly InputIssue[]): ApiError =>
  new ApiError('invalid_body', joinIssues(issues), { issues });

/** The servers a request may have to wait for. */
export type DependencyName = 'postgres' | 'temporal';

/** A server did not answer, or said it cannot now: the request may be repeated. */
export class DependencyUnavailableError extends Error {
  override readonly name = 'DependencyUnavailableError';
  readonly dependency: DependencyName;
  constructor(dependency: DependencyName, message: string, options?: { cause?: unknown }) {
    super(`${dependency}: ${message}`, options);
    this.dependency = dependency;
  }
}
