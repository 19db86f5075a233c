import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import type { Part } from '../../errors.ts';
import type { ApiParts } from '../parts.ts';
import { problemOf, problems, sendProblem } from '../problem.ts';
import { sharedForASecond } from '../shared-answer.ts';
import { temporalTrouble, within } from '../unavailable.ts';

/** A probe gives up sooner than a request (milliseconds): balancers ask every few seconds. */
const probeTimeoutMs = 2_000;

/** `/healthz`: the process answers. `/readyz`: so do the parts it needs. Neither needs a key. */
export const healthRoutes =
  ({ db, temporalReady, log }: Pick<ApiParts, 'db' | 'temporalReady' | 'log'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const probes: [Part, () => Promise<unknown>][] = [
      ['postgres', () => db.query('select 1')],
      ['temporal', () => temporalReady().catch(temporalTrouble)],
    ];
    const isAway = async ([part, probe]: (typeof probes)[number]): Promise<boolean> => {
      try {
        await within(part, probe(), probeTimeoutMs);
        return false;
      } catch (error) {
        log.warn({ err: error, part }, 'not ready');
        return true;
      }
    };

    const away = sharedForASecond(async (): Promise<Part[]> => {
      const states = await Promise.all(probes.map(isAway));
      return probes.flatMap(([part], index) => (states[index] ? [part] : []));
    });

    app.get(
      '/healthz',
      {
        config: { access: 'public' },
        schema: {
          tags: ['Operation'],
          summary: 'The process is alive',
          security: [],
          response: { 200: z.object({ status: z.literal('ok') }) },
        } satisfies FastifyZodOpenApiSchema,
      },
      async () => ({ status: 'ok' as const }),
    );

    app.get(
      '/readyz',
      {
        config: { access: 'public' },
        schema: {
          tags: ['Operation'],
          summary: 'The parts it needs answer; a 503 names those that do not',
          security: [],
          response: {
            200: z.object({ status: z.literal('ready'), postgres: z.literal('ok'), temporal: z.literal('ok') }),
            ...problems('unavailable'),
          },
        } satisfies FastifyZodOpenApiSchema,
      },
      async (_request, reply) => {
        const parts = await away();
        if (parts.length === 0) return { status: 'ready' as const, postgres: 'ok' as const, temporal: 'ok' as const };
        const issues = parts.map((part) => ({ path: part, message: 'not available' }));
        return sendProblem(
          reply.header('retry-after', '2'),
          problemOf('unavailable', `Not available: ${parts.join(', ')}.`, issues),
        );
      },
    );
  };
