import { z } from 'zod';
import type { Page, PageRequest } from '../db/page.ts';
import { ApiError } from '../errors.ts';
import { isStorableMoment } from './schemas/fields.ts';

/** The query parameters of every list. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^(?:[1-9]\d?|100)$/, { error: 'expected a number from 1 to 100' })
    .optional()
    .meta({ description: 'How many at most', override: { type: 'integer', minimum: 1, maximum: 100, default: 50 } }),
  cursor: z
    .string()
    .max(200, { error: 'malformed' })
    .optional()
    .meta({ description: 'The `next_cursor` of the page before' }),
};

/** `{data, next_cursor}`: the cursor is null on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), next_cursor: z.string().nullable() });

const position = z.tuple([z.iso.datetime({ precision: 6 }).refine(isStorableMoment), z.guid()]);

/** @throws `invalid_query` for a cursor no list gave. */
export function pageRequest({
  limit,
  cursor,
}: {
  limit?: string | undefined;
  cursor?: string | undefined;
}): PageRequest {
  return { limit: limit === undefined ? 50 : Number(limit), after: cursor === undefined ? null : decode(cursor) };
}

/** A page as the API writes it; `present` makes an item of a row. */
export const presentPage = <Row, Item>({ rows, next }: Page<Row>, present: (row: Row) => Item) => ({
  data: rows.map(present),
  next_cursor: next === null ? null : Buffer.from(JSON.stringify([next.at, next.id])).toString('base64url'),
});

function decode(cursor: string): PageRequest['after'] {
  try {
    const [at, id] = position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { at, id };
  } catch {
    throw new ApiError('invalid_query', 'cursor: malformed', { issues: [{ path: 'cursor', message: 'malformed' }] });
  }
}
