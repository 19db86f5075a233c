import type { FastifyBaseLogger } from 'fastify';
import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { call } from '../call.ts';
import type { InputIssue } from '../../errors.ts';
import { within } from '../../within.ts';
import { problemOf, sendProblem } from '../problem.ts';
import { sharedFor } from '../shared-answer.ts';

/** A probe gives up sooner than a request (milliseconds): balancers ask every few seconds. */
const probeTimeoutMs = 2_000;

/**
 * How long probes share an answer (milliseconds). They need no key, and each asks Temporal, which limits such calls.
 */
const sharedMs = 1_000;

/** What a process needs, by name. A check rejects while its part is away. */
export type Checks = Record<string, () => Promise<unknown>>;

/** Thrown by a check for a message that may be shown; anything else that is thrown may hold addresses. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}

/** `/healthz`: the process answers. `/readyz`: so do the parts it needs. Neither needs a key. */
export const healthRoutes =
  ({ checks, log }: { checks: Checks; log: Pick<FastifyBaseLogger, 'warn'> }): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const notReady = readiness(checks, log);

    app.get(
      '/healthz',
      call('public', {
        tags: ['Operation'],
        summary: 'The process is alive',
        security: [],
        response: { 200: z.object({ status: z.literal('ok') }) },
      }),
      async () => ({ status: 'ok' as const }),
    );

    app.get(
      '/readyz',
      call('public', {
        errors: ['unavailable'],
        tags: ['Operation'],
        summary: 'The parts it needs answer; a 503 names those that do not',
        security: [],
        response: { 200: z.object({ status: z.literal('ready'), ...mapChecks(checks, z.literal('ok')) }) },
      }),
      async (_request, reply) => {
        const found = await notReady();
        if (found.length === 0) return { status: 'ready' as const, ...mapChecks(checks, 'ok' as const) };
        const names = found.map(({ path }) => path).join(', ');
        return sendProblem(
          reply.header('retry-after', '2'),
          problemOf('unavailable', `Not available: ${names}.`, found),
        );
      },
    );
  };

/** Asks all checks, at most once a second; gives those that are not ready. */
function readiness(checks: Checks, log: Pick<FastifyBaseLogger, 'warn'>): () => Promise<InputIssue[]> {
  const issueOf = async ([path, check]: [string, () => Promise<unknown>]): Promise<InputIssue | null> => {
    try {
      await within(probeTimeoutMs, check(), () => {
        throw new Error(`no answer within ${probeTimeoutMs} ms`);
      });
      return null;
    } catch (error) {
      log.warn({ err: error, dependency: path }, 'not ready');
      return { path, message: error instanceof NotReadyError ? error.message : 'not available' };
    }
  };
  return sharedFor(sharedMs, async () => {
    const issues = await Promise.all(Object.entries(checks).map(issueOf));
    return issues.filter((issue) => issue !== null);
  });
}

const mapChecks = <Value>(checks: Checks, value: Value): Record<string, Value> =>
  Object.fromEntries(Object.keys(checks).map((name) => [name, value]));
