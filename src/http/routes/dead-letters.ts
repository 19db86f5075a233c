import type { FastifyPluginAsyncZodOpenApi } from 'fastify-zod-openapi';
import { z } from 'zod';
import { deadLetters } from '../../db/dead-letters.ts';
import { operatorOnly } from '../access/access.ts';
import { moment } from '../schemas/fields.ts';
import { pageOf, pageQuery } from '../page.ts';
import type { ApiDeps } from '../api-deps.ts';
import { call } from '../call.ts';
import { orNotFound } from '../or-not-found.ts';
import { toJson } from '../to-json.ts';

/** An id of the outbox: a bigint. */
const rowId = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, { error: 'expected an id' })
  .meta({ example: '42' });

const deadLetter = z.object({
  id: rowId,
  subject: z.string().meta({ description: 'The lead or widget it is about; `malformed/…` where it does not say' }),
  reason: z.string().meta({ description: '`malformed`, `conflict`, `unknown_organization` or `set_aside`' }),
  issues: z.array(z.object({ path: z.string(), message: z.string() })),
  published_at: moment.meta({ description: 'When the backend wrote it' }),
  created_at: moment,
  replayed_at: moment.nullable(),
  replay_outcome: z
    .string()
    .nullable()
    .meta({ description: 'What became of the replay: `signalled`, `duplicate`, `dead_letter`; null: it waits' }),
});
const listed = deadLetter.meta({ id: 'DeadLetterSummary' });
const whole = deadLetter
  .extend({ event: z.unknown().meta({ description: 'As the backend wrote it; null once its replay was accepted' }) })
  .meta({ id: 'DeadLetter' });

const replay = z
  .strictObject({ event: z.record(z.string(), z.unknown()).optional().meta({ description: 'The event, mended' }) })
  .nullish()
  .meta({ id: 'DeadLetterReplay' });

const filter = z.strictObject({
  ...pageQuery,
  cursor: rowId.optional().meta({ description: 'The `next_cursor` of the page before' }),
  replayed: z.enum(['true', 'false']).optional().meta({ description: '`true`: also those that were replayed' }),
});

const collection = '/v1/dead-letters';
const itemPath = z.object({ deadLetterId: rowId });

/**
 * Dead letters of the outbox: look, mend, replay. They hold personal data of every organization: the operator's alone.
 */
export const deadLetterRoutes =
  ({ outboxDb }: Pick<ApiDeps, 'outboxDb'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = deadLetters(outboxDb);
    const find = async (id: string) => orNotFound(await repository.get(id));

    app.get(
      collection,
      call(operatorOnly, {
        tags: ['Operation'],
        summary: 'List dead letters of the outbox, newest first',
        querystring: filter,
        response: { 200: pageOf(listed).meta({ id: 'DeadLetterPage' }) },
      }),
      async ({ query }) => {
        const limit = Number(query.limit ?? 50);
        const rows = await repository.list(query.replayed !== 'true', query.cursor ?? null, limit);
        const data = rows.slice(0, limit);
        return { data: data.map(toJson), next_cursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
      },
    );

    app.get(
      `${collection}/:deadLetterId`,
      call(operatorOnly, {
        tags: ['Operation'],
        summary: 'Show a dead letter with its event',
        params: itemPath,
        response: { 200: whole },
      }),
      async ({ params }) => toJson(await find(params.deadLetterId)),
    );

    app.post(
      `${collection}/:deadLetterId/replay`,
      call(operatorOnly, {
        tags: ['Operation'],
        summary: 'Put a dead letter, or its mended event, into the outbox again',
        description: 'A second call changes nothing. What becomes of it is its `replay_outcome`.',
        params: itemPath,
        body: replay,
        response: { 202: whole },
      }),
      async ({ params: { deadLetterId }, body }, reply) => {
        await find(deadLetterId);
        await repository.replay(deadLetterId, body?.event);
        return reply.code(202).send(toJson(await find(deadLetterId)));
      },
    );
  };
