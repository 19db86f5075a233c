import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { RequestValidationError } from 'fastify-zod-openapi';
import { ApiError, InvalidEventError, type InputIssue, joinIssues, DependencyUnavailableError } from '../../errors.ts';
import { rootPath } from '../../schemas/issues.ts';
import { problemOf, sendProblem } from '../problem.ts';

const retryAfterSeconds = 2;

/**
 * Turns whatever a route threw into a problem document. A defect is logged with its error and answered without detail.
 */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = asApiError(error);
  if (known.code === 'internal') request.log.error({ err: error, route: routeOf(request) }, 'request failed');
  if (known.code === 'unavailable') request.log.warn({ err: error, route: routeOf(request) }, 'a dependency is away');
  return sendProblem(reply.headers(known.headers), problemOf(known.code, known.message, known.issues));
}

/** The error of the table that `error` is; anything unknown is `internal`. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof InvalidEventError) return new ApiError('invalid_body', error.message, { issues: error.issues });
  if (error instanceof DependencyUnavailableError) return unavailable(error);
  if (isFastifyError(error)) return fromFastify(error);
  return new ApiError('internal', 'An unexpected error; it is in the log.', { cause: error });
}

const unavailable = (error: DependencyUnavailableError): ApiError =>
  new ApiError('unavailable', `${error.dependency} is not available.`, {
    cause: error,
    issues: [{ path: error.dependency, message: 'not available' }],
    headers: { 'retry-after': String(retryAfterSeconds) },
  });

function fromFastify(error: FastifyError): ApiError {
  if (error.validation !== undefined) return fromValidation(error);
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('payload_too_large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new ApiError('unsupported_media_type');
    default:
      // What is left of the framework's own 4xx answers: wrong content-length, bad path encoding.
      return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
        ? new ApiError('bad_request')
        : new ApiError('internal', 'An unexpected error; it is in the log.', { cause: error });
  }
}

/** Which part of the request was wrong decides the status: a path id 404, a query parameter 400, the body 422. */
function fromValidation({ validation = [], validationContext }: FastifyError): ApiError {
  if (validationContext === 'params') return new ApiError('not_found');
  const issues = validation.flatMap((entry) => (entry instanceof RequestValidationError ? issuesOf(entry) : []));
  return new ApiError(validationContext === 'querystring' ? 'invalid_query' : 'invalid_body', joinIssues(issues), {
    issues,
  });
}

function issuesOf({ params: { issue } }: RequestValidationError): InputIssue[] {
  const steps = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path: steps.join('.') || rootPath, message: messageOf(issue) }];
  return issue.keys.map((key) => ({ path: [...steps, key].join('.'), message: 'unknown' }));
}

// Where a schema words nothing itself; never the value.
function messageOf(issue: RequestValidationError['cause']): string {
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid')) return `expected ${issue.expected}`;
  return issue.message.replace(/^Invalid (?:input|option): /, '');
}

const isFastifyError = (error: unknown): error is FastifyError =>
  error instanceof Error && 'statusCode' in error && typeof (error as { code?: unknown }).code === 'string';

const routeOf = (request: FastifyRequest): string => `${request.method} ${request.routeOptions.url ?? 'unknown'}`;

/** What the framework itself refuses before any route is found. */
export const handleFrameworkError = (error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const { code, message } = asApiError(error);
  return sendProblem(reply, problemOf(code, message));
};
