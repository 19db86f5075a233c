import type { Queryable } from './pool.ts';

/** Where the page before ended: a row's moment in microseconds, and its id, which breaks ties. */
export interface Position {
  at: string;
  id: string;
}
export interface PageRequest {
  limit: number;
  after: Position | null;
}
/** `next` is where the next page starts after; null when there is none. */
export interface Page<Row> {
  rows: Row[];
  next: Position | null;
}

const firstId = '00000000-0000-0000-0000-000000000000';
/** Where a walk from the oldest row begins, and one from the newest. */
export const beforeOldest: Position = { at: '-infinity', id: firstId };
export const beforeNewest: Position = { at: 'infinity', id: firstId };

/** The columns a paged query selects beside its own: JavaScript's dates would lose the microseconds. */
export const positionColumns = (at: string, id: string): string =>
  `to_char(${at} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as position_at, ${id}::text as position_id`;

interface PositionRow {
  position_at: string;
  position_id: string;
}
export type Positioned<Row> = Row & PositionRow;

/** SQL: a row is behind the position, newest first. The plain bound lets an index by time start there. */
export const isOlder = (at: string, id: string, positionAt: string, positionId: string): string =>
  `${at} <= ${positionAt}::timestamptz and (${at} < ${positionAt}::timestamptz or ${id} > ${positionId}::uuid)`;

/** The same, oldest first. */
export const isNewer = (at: string, id: string, positionAt: string, positionId: string): string =>
  `(${at}, ${id}) > (${positionAt}::timestamptz, ${positionId}::uuid)`;

/** Where a walk in batches of `limit` goes on; null: the batch was the last. */
export function nextPosition(rows: readonly PositionRow[], limit: number): Position | null {
  const last = rows.length < limit ? undefined : rows.at(-1);
  return last === undefined ? null : { at: last.position_at, id: last.position_id };
}

/**
 * Makes a page of the rows of a query with `limit + 1`. Keyset pagination: a row that is inserted between two
 * pages neither repeats nor hides another, and each page costs the same.
 */
export function toPage<Row extends object>(found: Positioned<Row>[], limit: number): Page<Row> {
  const last = found.length > limit ? found[limit - 1] : undefined;
  const rows = found.slice(0, limit).map(({ position_at: _at, position_id: _id, ...row }) => row as unknown as Row);
  return { rows, next: last === undefined ? null : { at: last.position_at, id: last.position_id } };
}

export interface PagedQuery {
  table: string;
  columns: string;
  /** Conditions on `values`; absent: every row. */
  where?: string;
  values?: readonly unknown[];
  order: 'newest first' | 'oldest first';
  /** The columns that order the rows; default: `created_at` and `id`. */
  at?: string;
  id?: string;
}

/** A page of a table, in the order of its rows' moments. */
export async function queryPage<Row extends object>(
  db: Queryable,
  { table, columns, where = 'true', values = [], order, at = 'created_at', id = 'id' }: PagedQuery,
  { limit, after }: PageRequest,
): Promise<Page<Row>> {
  const all = [...values];
  const given = (value: unknown): string => `$${all.push(value)}`;
  const [isBehind, direction] = order === 'newest first' ? [isOlder, 'desc'] : [isNewer, ''];
  const behind = after === null ? '' : `and ${isBehind(at, id, given(after.at), given(after.id))}`;
  const rows = await db.query<Positioned<Row>>(
    `select ${columns}, ${positionColumns(at, id)} from ${table} where ${where} ${behind}
      order by ${at} ${direction}, ${id} limit ${given(limit + 1)}`,
    all,
  );
  return toPage<Row>(rows, limit);
}
