import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { type ApiErrorCode, apiErrors, type InputIssue } from '../errors.ts';

const problemType = 'application/problem+json; charset=utf-8';

/** The body of every error (RFC 9457, spec section 7). All five members are always there. */
const problemSchema = z
  .object({
    type: z
      .string()
      .meta({ description: 'A stable name of the kind of error', example: 'urn:spark360:error:not_found' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    errors: z.array(
      z.object({
        path: z.string().meta({ description: 'Which field, e.g. data.object.addressInfo.zip' }),
        message: z.string(),
      }),
    ),
  })
  .meta({ id: 'Problem', description: 'What went wrong (RFC 9457)' });
export type Problem = z.infer<typeof problemSchema>;

/** The problem document of an error of the table. */
export function problemOf(code: ApiErrorCode, detail: string, issues: readonly InputIssue[] = []): Problem {
  const { status, title } = apiErrors[code];
  return { type: `urn:spark360:error:${code}`, title, status, detail, errors: [...issues] };
}

/** Sends a problem as it is: a string, so that no response schema of the route is applied to it. */
export const sendProblem = (reply: FastifyReply, problem: Problem): FastifyReply =>
  reply
    .code(problem.status)
    .header('content-type', problemType)
    .header('cache-control', 'no-store')
    .send(JSON.stringify(problem));

interface ProblemResponse {
  description: string;
  content: { 'application/problem+json': { schema: typeof problemSchema } };
}

/** Adds to the `response` entries of an OpenAPI operation those of the errors it can answer, grouped by status. */
export function problems(codes: readonly ApiErrorCode[], given: object): Record<string, ProblemResponse> {
  const responses: Record<string, ProblemResponse> = { ...given };
  for (const code of codes) {
    const { status, title } = apiErrors[code];
    const known = responses[status];
    responses[status] = {
      description: known === undefined ? title : `${known.description}; or: ${title}`,
      content: { 'application/problem+json': { schema: problemSchema } },
    };
  }
  return responses;
}
