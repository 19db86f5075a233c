import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { DeliveryFilter } from '../app/search.ts';
import { api, type Delivery, unwrap } from './client.ts';

/** A delivery as lists show it: without its payload and its attempts, so that very many can be held. */
export interface DeliveryRow
  extends Pick<Delivery, 'id' | 'event' | 'status' | 'reason' | 'sequence' | 'endpoint_id' | 'lead_id' | 'created_at'> {
  /** As `lastAnswer` says. */
  answer: string;
}

export interface DeliveryPage {
  rows: DeliveryRow[];
  nextCursor: string | null;
}

const pageSize = 100;

async function deliveryPage(
  organizationId: string,
  filter: DeliveryFilter,
  cursor?: string,
  limit = pageSize,
): Promise<DeliveryPage> {
  const { data, next_cursor } = await unwrap(
    api.GET('/v1/organizations/{organizationId}/deliveries', {
      params: { path: { organizationId }, query: { ...filter, limit, ...(cursor !== undefined && { cursor }) } },
    }),
  );
  return { rows: data.map(rowOf), nextCursor: next_cursor };
}

function rowOf(delivery: Delivery): DeliveryRow {
  const { id, event, status, reason, sequence, endpoint_id, lead_id, created_at } = delivery;
  return { id, event, status, reason, sequence, endpoint_id, lead_id, created_at, answer: lastAnswer(delivery) };
}

/** `500`, `timeout`, or nothing while there was no attempt, or it went well. */
export function lastAnswer({ attempts, status }: Pick<Delivery, 'attempts' | 'status'>): string {
  const last = attempts.at(-1);
  if (last === undefined || status === 'delivered') return '';
  return last.status_code === null ? (last.error?.split(':', 1)[0] ?? '') : String(last.status_code);
}

/**
 * Pages of deliveries, newest first, as they were when each was loaded. Not asked for again by itself, and its key
 * begins with no organization: a list of a thousand pages would be a thousand calls.
 */
export const deliveryPagesQuery = (organizationId: string, filter: DeliveryFilter) =>
  infiniteQueryOptions({
    queryKey: ['delivery-pages', organizationId, filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => deliveryPage(organizationId, filter, pageParam),
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
    // Compared field by field, every page would cost as much as all before it.
    structuralSharing: false,
  });

/** One page as it is now; the first where no cursor is given. */
export const deliveryPageQuery = (organizationId: string, filter: DeliveryFilter, cursor?: string) =>
  queryOptions({
    queryKey: [organizationId, 'deliveries', 'page', filter, cursor ?? null],
    queryFn: () => deliveryPage(organizationId, filter, cursor),
    gcTime: 10_000,
  });

/** The newest few. */
export const newestDeliveriesQuery = (organizationId: string, filter: DeliveryFilter, count: number) =>
  queryOptions({
    queryKey: [organizationId, 'deliveries', 'newest', filter, count],
    queryFn: () => deliveryPage(organizationId, filter, undefined, count),
  });
