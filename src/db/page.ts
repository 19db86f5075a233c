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

/** The columns a paged query selects beside its own: JavaScript's dates would lose the microseconds. */
export const positionColumns = (at: string, id: string): string =>
  `to_char(${at} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as position_at, ${id}::text as position_id`;

export type Positioned<Row> = Row & { position_at: string; position_id: string };

/**
 * Makes a page of the rows of a query that was run with `limit + 1`. Keyset pagination: a row that is inserted between two
 * pages neither repeats nor hides another, and a page costs the same however far down it is.
 */
export function toPage<Row extends object>(found: Positioned<Row>[], limit: number): Page<Row> {
  const last = found.length > limit ? found[limit - 1] : undefined;
  const rows = found.slice(0, limit).map(({ position_at: _at, position_id: _id, ...row }) => row as unknown as Row);
  return { rows, next: last === undefined ? null : { at: last.position_at, id: last.position_id } };
}
