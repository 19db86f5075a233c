import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Stage, Window } from '../app/search.ts';
import { api, inOrganization, unwrap } from './client.ts';

/** How often what changes by itself is asked for again while it is looked at (milliseconds). */
export const liveMs = 3_000;

export const deliveryPolicyQuery = () =>
  queryOptions({
    queryKey: ['delivery-policy'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => unwrap(api.GET('/v1/delivery-policy')),
  });

export const eventTypesQuery = () =>
  queryOptions({
    queryKey: ['event-types'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => unwrap(api.GET('/v1/event-types')),
  });

export const deliveryQuery = (organizationId: string, deliveryId: string) =>
  queryOptions({
    queryKey: [organizationId, 'deliveries', deliveryId],
    queryFn: () =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/deliveries/{deliveryId}', {
          params: { path: { organizationId, deliveryId } },
        }),
      ),
  });

/**
 * Pages of leads, newest first. Not asked for again by itself, and its key begins with no organization: a list of many
 * pages would be as many calls.
 */
export const leadsQuery = (organizationId: string, filter: { stage?: Stage }) =>
  infiniteQueryOptions({
    queryKey: ['lead-pages', organizationId, filter],
    staleTime: Number.POSITIVE_INFINITY,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/leads', {
          params: {
            path: { organizationId },
            query: { ...filter, limit: 100, ...(pageParam !== undefined && { cursor: pageParam }) },
          },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
  });

export const leadQuery = (organizationId: string, leadId: string) =>
  queryOptions({
    queryKey: [organizationId, 'leads', leadId],
    queryFn: () =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/leads/{leadId}', { params: { path: { organizationId, leadId } } }),
      ),
  });

/** How deliveries went; of all organizations where none is given. */
export const statisticsQuery = (organizationId: string | null, window: Window, endpointId?: string) =>
  queryOptions({
    queryKey: [organizationId, 'statistics', window, endpointId ?? null],
    refetchInterval: 15_000,
    queryFn: () =>
      organizationId === null
        ? unwrap(api.GET('/v1/statistics', { params: { query: { window } } }))
        : unwrap(
            api.GET('/v1/organizations/{organizationId}/statistics', {
              params: {
                path: { organizationId },
                query: { window, ...(endpointId !== undefined && { endpoint_id: endpointId }) },
              },
            }),
          ),
  });

export const attentionQuery = (organizationId: string | null) =>
  queryOptions({
    queryKey: [organizationId, 'attention'],
    refetchInterval: 15_000,
    queryFn: () =>
      organizationId === null
        ? unwrap(api.GET('/v1/attention'))
        : unwrap(api.GET('/v1/organizations/{organizationId}/attention', inOrganization(organizationId))),
  });

/** The request of a delivery: of one attempt, or signed now. */
export const requestQuery = (organizationId: string, deliveryId: string, attemptId?: string) =>
  queryOptions({
    queryKey: [organizationId, 'deliveries', deliveryId, 'request', attemptId ?? null],
    retry: false,
    queryFn: () =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/deliveries/{deliveryId}/request', {
          params: {
            path: { organizationId, deliveryId },
            query: attemptId === undefined ? {} : { attempt_id: attemptId },
          },
        }),
      ),
  });
