import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { type DeliveryPage, type DeliveryRow, deliveryPageQuery, deliveryPagesQuery } from '../../api/delivery-list.ts';
import { liveMs } from '../../api/delivery-queries.ts';
import type { DeliveryFilter } from '../../app/search.ts';
import { changesOf, noChanges } from './list-changes.ts';

/** A list of more is no list: a browser holds as many without trouble. */
const mostRows = 100_000;

/**
 * Deliveries that match, newest first, page by page. While it is live the newest page and the page in view are asked
 * for again: what a row reads changes in its place; what comes or goes is counted, and moves no row before `update`.
 */
export function useLiveDeliveries(organizationId: string, filter: DeliveryFilter, isLive: boolean) {
  const client = useQueryClient();
  const list = useInfiniteQuery(deliveryPagesQuery(organizationId, filter));
  const [pageInView, setPageInView] = useState(0);
  const refetchInterval = isLive ? liveMs : (false as const);
  const newest = useQuery({
    ...deliveryPageQuery(organizationId, filter),
    enabled: list.isSuccess,
    refetchInterval,
    refetchOnWindowFocus: isLive,
    initialData: () => list.data?.pages[0],
    initialDataUpdatedAt: list.dataUpdatedAt,
  });
  const cursor = list.data?.pageParams[pageInView] as string | undefined;
  const seen = useQuery({
    ...deliveryPageQuery(organizationId, filter, cursor),
    enabled: isLive && cursor !== undefined,
    refetchInterval,
  });

  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? [], [list.data]);
  const fresh = useMemo(() => byId([newest.data, seen.data]), [newest.data, seen.data]);
  const current = useCallback((row: DeliveryRow) => fresh.get(row.id) ?? row, [fresh]);
  const changes = useMemo(
    () => (newest.data === undefined ? noChanges : changesOf(rows, !list.hasNextPage, newest.data)),
    [rows, list.hasNextPage, newest.data],
  );

  const update = useCallback(() => {
    if (newest.data === undefined) return;
    const data: InfiniteData<DeliveryPage, string | undefined> = { pages: [newest.data], pageParams: [undefined] };
    client.setQueryData(deliveryPagesQuery(organizationId, filter).queryKey, data);
  }, [client, organizationId, filter, newest.data]);

  const { fetchNextPage, isFetchingNextPage } = list;
  const isFull = rows.length >= mostRows;
  const hasMore = list.hasNextPage && !isFull;
  const more = useCallback(() => {
    if (hasMore && !isFetchingNextPage) void fetchNextPage();
  }, [hasMore, isFetchingNextPage, fetchNextPage]);
  const look = useCallback((index: number) => setPageInView(pageOf(list.data?.pages ?? [], index)), [list.data]);
  return { list, rows, current, changes, update, more, hasMore, isFull, look, isAway: newest.isError };
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
