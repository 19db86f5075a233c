import type { DeliveryPage, DeliveryRow } from '../../api/delivery-list.ts';

/** How a list differs from what the service has now. */
export interface ListChanges {
  /** Deliveries that match and are not in the list. */
  added: number;
  /** True: the newest page has nothing that the list has, so there may be more than `added`. */
  isMore: boolean;
  /** Deliveries of the list that no longer match. */
  gone: number;
}

export const noChanges: ListChanges = { added: 0, isMore: false, gone: 0 };

/** Compares the rows of a list with the newest page; `isWhole`: there is nothing below the list's end. */
export function changesOf(rows: readonly DeliveryRow[], isWhole: boolean, newest: DeliveryPage): ListChanges {
  // Both are cut somewhere, also between deliveries of one moment: only what is newer than an end is known to be
  // missing there.
  const pageEnd = newest.nextCursor === null ? '' : (newest.rows.at(-1)?.created_at ?? '');
  const listEnd = isWhole ? '' : (rows.at(-1)?.created_at ?? '');
  const onPage = new Set(newest.rows.map(({ id }) => id));
  const compared = rows.slice(0, endOf(rows, pageEnd));
  const inList = new Set(compared.map(({ id }) => id));
  const added = newest.rows.filter(({ id, created_at }) => created_at > listEnd && !inList.has(id)).length;
  return {
    added,
    isMore: added > 0 && added === newest.rows.length && newest.nextCursor !== null,
    gone: compared.filter(({ id, created_at }) => created_at > pageEnd && !onPage.has(id)).length,
  };
}

/** How many rows are not older than `end`. */
function endOf(rows: readonly DeliveryRow[], end: string): number {
  const index = rows.findIndex(({ created_at }) => created_at < end);
  return index === -1 ? rows.length : index;
}
