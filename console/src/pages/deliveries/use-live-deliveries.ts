import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { type DeliveryPage, type DeliveryRow, deliveryPageQuery, deliveryPagesQuery } from '../../api/delivery-list.ts';
import { liveMs } from '../../api/delivery-queries.ts';
import type { DeliveryFilter } from '../../app/search.ts';
import { changesOf, noChanges } from './list-changes.ts';

type Pages = InfiniteData<DeliveryPage, string | undefined>;

/** A list of more is no list: a browser holds as many without trouble. */
const mostRows = 100_000;

/**
 * Deliveries that match, newest first, page by page. While it is live the newest page and the pages in view are
 * asked for again: what a row reads changes in its place; what comes or goes is counted, and moves no row before `update`.
 */
export function useLiveDeliveries(organizationId: string, filter: DeliveryFilter, isLive: boolean) {
  const client = useQueryClient();
  const list = useInfiniteQuery(deliveryPagesQuery(organizationId, filter));
  const { inView, look } = usePagesInView(list.data?.pages);
  const refetchInterval = isLive ? liveMs : (false as const);
  const newest = useQuery({
    ...deliveryPageQuery(organizationId, filter),
    // Not `isSuccess`: the first page goes on being live when a later one fails.
    enabled: list.data !== undefined,
    refetchInterval,
    refetchOnWindowFocus: isLive,
    initialData: () => list.data?.pages[0],
    initialDataUpdatedAt: list.dataUpdatedAt,
  });
  const seenAt = (page: number) => {
    const cursor = list.data?.pageParams[page] as string | undefined;
    return {
      ...deliveryPageQuery(organizationId, filter, cursor),
      enabled: isLive && cursor !== undefined,
      refetchInterval,
    };
  };
  // Rows in view are of two pages at the most: a page is higher than a screen.
  const { data: seenFirst } = useQuery(seenAt(inView.first));
  const { data: seenLast } = useQuery(seenAt(inView.last));

  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? [], [list.data]);
  const fresh = useMemo(() => byId([newest.data, seenFirst, seenLast]), [newest.data, seenFirst, seenLast]);
  const current = useCallback((row: DeliveryRow) => fresh.get(row.id) ?? row, [fresh]);
  const changes = useMemo(
    () => (newest.data === undefined ? noChanges : changesOf(rows, !list.hasNextPage, newest.data)),
    [rows, list.hasNextPage, newest.data],
  );

  const { fetchNextPage, isFetchingNextPage, isFetchNextPageError } = list;
  const isResting = !isFetchingNextPage && !isFetchNextPageError;
  useWrittenBack(organizationId, filter, fresh, isResting);

  const update = useCallback(async () => {
    if (newest.data === undefined) return;
    const { queryKey } = deliveryPagesQuery(organizationId, filter);
    const data: Pages = { pages: [newest.data], pageParams: [undefined] };
    // A page under way would be added to the former list, and replace this one.
    await client.cancelQueries({ queryKey, exact: true });
    client.setQueryData(queryKey, data);
  }, [client, organizationId, filter, newest.data]);

  const isFull = rows.length >= mostRows;
  const hasMore = list.hasNextPage && !isFull;
  const more = useCallback(() => {
    if (hasMore && isResting) void fetchNextPage();
  }, [hasMore, isResting, fetchNextPage]);
  return { list, rows, current, changes, update, more, hasMore, isFull, look, isAway: newest.isError };
}

/** Which pages the first and the last row in view are of; `look` hears which rows these are. */
function usePagesInView(pages: readonly DeliveryPage[] | undefined) {
  const [inView, setInView] = useState({ first: 0, last: 0 });
  const look = useCallback(
    (first: number, last: number) => {
      const next = { first: pageOf(pages ?? [], first), last: pageOf(pages ?? [], last) };
      setInView((former) => (former.first === next.first && former.last === next.last ? former : next));
    },
    [pages],
  );
  return { inView, look };
}

/** Keeps in the list what rows have become: else a row reads as before once its page is out of view. */
function useWrittenBack(
  organizationId: string,
  filter: DeliveryFilter,
  fresh: ReadonlyMap<string, DeliveryRow>,
  isResting: boolean,
): void {
  const client = useQueryClient();
  useEffect(() => {
    const { queryKey } = deliveryPagesQuery(organizationId, filter);
    // A page under way would overwrite it, and a page that failed would be taken for well.
    if (isResting) client.setQueryData<Pages>(queryKey, (pages) => pages && withRows(pages, fresh));
  }, [client, organizationId, filter, fresh, isResting]);
}

/** The same pages with what rows have become; undefined where none has changed, so that nothing is written. */
function withRows(list: Pages, fresh: ReadonlyMap<string, DeliveryRow>): Pages | undefined {
  const isOld = (row: DeliveryRow): boolean => {
    const now = fresh.get(row.id);
    return now !== undefined && (now.status !== row.status || now.reason !== row.reason || now.answer !== row.answer);
  };
  if (!list.pages.some(({ rows }) => rows.some(isOld))) return undefined;
  const pages = list.pages.map((page) =>
    page.rows.some(isOld) ? { ...page, rows: page.rows.map((row) => fresh.get(row.id) ?? row) } : page,
  );
  return { ...list, pages };
}

const byId = (pages: (DeliveryPage | undefined)[]): Map<string, DeliveryRow> =>
  new Map(pages.flatMap((page) => page?.rows ?? []).map((row) => [row.id, row]));

/** The page that holds the row at `index`. */
function pageOf(pages: readonly DeliveryPage[], index: number): number {
  let end = 0;
  return Math.max(
    0,
    pages.findIndex(({ rows }) => {
      end += rows.length;
      return index < end;
    }),
  );
}
