import type { FastifyPluginAsyncZodOpenApi, FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { z } from 'zod';
import { type DeadLetter, deadLetters } from '../../db/dead-letters.ts';
import { ApiError } from '../../errors.ts';
import { operatorOnly } from '../access.ts';
import { moment } from '../fields.ts';
import { pageOf, pageQuery } from '../page.ts';
import type { ApiParts } from '../parts.ts';
import { bodyErrors, keyErrors, problems } from '../problem.ts';
import { wire } from '../wire.ts';

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

const collection = '/v1/dead-letters';
const itemPath = z.object({ deadLetterId: rowId });

/** Dead letters of the outbox: look, mend, replay. They hold personal data of every organization: the operator's alone. */
export const deadLetterRoutes =
  ({ outboxDb }: Pick<ApiParts, 'outboxDb'>): FastifyPluginAsyncZodOpenApi =>
  async (app) => {
    const repository = deadLetters(outboxDb);
    const find = async (id: string): Promise<DeadLetter> =>
      (await repository.get(id)) ?? Promise.reject(new ApiError('not_found'));

    app.get(
      collection,
      {
        config: { access: operatorOnly },
        schema: {
          tags: ['Operation'],
          summary: 'List dead letters of the outbox, newest first',
          querystring: z.strictObject({
            ...pageQuery,
            cursor: rowId.optional().meta({ description: 'The `next_cursor` of the page before' }),
            replayed: z
              .enum(['true', 'false'])
              .optional()
              .meta({ description: '`true`: also those that were replayed' }),
          }),
          response: { 200: pageOf(listed).meta({ id: 'DeadLetterPage' }), ...problems(...keyErrors) },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ query }) => {
        const limit = Number(query.limit ?? 50);
        const rows = await repository.list(query.replayed !== 'true', query.cursor ?? null, limit);
        const data = rows.slice(0, limit);
        return { data: data.map(wire), next_cursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
      },
    );

    app.get(
      `${collection}/:deadLetterId`,
      {
        config: { access: operatorOnly },
        schema: {
          tags: ['Operation'],
          summary: 'Show a dead letter with its event',
          params: itemPath,
          response: { 200: whole, ...problems(...keyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params }) => wire(await find(params.deadLetterId)),
    );

    app.post(
      `${collection}/:deadLetterId/replay`,
      {
        config: { access: operatorOnly },
        schema: {
          tags: ['Operation'],
          summary: 'Put a dead letter, or its mended event, into the outbox again',
          description: 'A second call changes nothing. What becomes of it is its `replay_outcome`.',
          params: itemPath,
          body: replay,
          response: { 202: whole, ...problems(...keyErrors, ...bodyErrors, 'not_found') },
        } satisfies FastifyZodOpenApiSchema,
      },
      async ({ params: { deadLetterId }, body }, reply) => {
        await find(deadLetterId);
        await repository.replay(deadLetterId, body?.event);
        return reply.code(202).send(wire(await find(deadLetterId)));
      },
    );
  };
