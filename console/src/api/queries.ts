import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { DeliveryFilter, Stage, Window } from '../app/search.ts';
import { api, unwrap } from './client.ts';

/** Everything the console reads, by the key under which it is kept. Keys begin with the organization, so one call forgets all of it. */
export const organizationsQuery = () =>
  queryOptions({
    queryKey: ['organizations'],
    queryFn: () => unwrap(api.GET('/v1/organizations', { params: { query: { limit: 100 } } })),
  });

export const organizationQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [organizationId, 'organization'],
    queryFn: () => unwrap(api.GET('/v1/organizations/{organizationId}', { params: { path: { organizationId } } })),
  });

/** An organization has at most a hundred endpoints: one page holds them. */
export const endpointsQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [organizationId, 'endpoints'],
    queryFn: () =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/endpoints', {
          params: { path: { organizationId }, query: { limit: 100 } },
        }),
      ),
  });

export const endpointQuery = (organizationId: string, endpointId: string) =>
  queryOptions({
    queryKey: [organizationId, 'endpoints', endpointId],
    queryFn: () =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/endpoints/{endpointId}', {
          params: { path: { organizationId, endpointId } },
        }),
      ),
  });

export const eventTypesQuery = () =>
  queryOptions({
    queryKey: ['event-types'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => unwrap(api.GET('/v1/event-types')),
  });

/** Pages of deliveries, newest first. */
export const deliveriesQuery = (organizationId: string, filter: DeliveryFilter) =>
  infiniteQueryOptions({
    queryKey: [organizationId, 'deliveries', filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/deliveries', {
          params: {
            path: { organizationId },
            query: { ...filter, limit: 100, ...(pageParam !== undefined && { cursor: pageParam }) },
          },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
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

/** Pages of leads, newest first. */
export const leadsQuery = (organizationId: string, filter: { stage?: Stage }) =>
  infiniteQueryOptions({
    queryKey: [organizationId, 'leads', filter],
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

export const apiKeysQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [organizationId, 'api-keys'],
    queryFn: () =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/api-keys', {
          params: { path: { organizationId }, query: { limit: 100 } },
        }),
      ),
  });

const inOrganization = (organizationId: string) => ({ params: { path: { organizationId } } });

/** How often what changes by itself is asked for again while it is looked at (milliseconds). */
export const liveMs = 3_000;

export const healthOfAllQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [organizationId, 'endpoint-health'],
    refetchInterval: 10_000,
    queryFn: () =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/endpoint-health', {
          params: { path: { organizationId }, query: { limit: 100 } },
        }),
      ),
  });

export const healthQuery = (organizationId: string, endpointId: string) =>
  queryOptions({
    queryKey: [organizationId, 'endpoint-health', endpointId],
    refetchInterval: liveMs,
    queryFn: () =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/endpoints/{endpointId}/health', {
          params: { path: { organizationId, endpointId } },
        }),
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

/** Recoveries, newest first; of all organizations where none is given. */
export const jobsQuery = (organizationId: string | null) =>
  queryOptions({
    queryKey: [organizationId, 'jobs'],
    refetchInterval: 10_000,
    queryFn: () =>
      organizationId === null
        ? unwrap(api.GET('/v1/jobs', { params: { query: { limit: 50 } } }))
        : unwrap(
            api.GET('/v1/organizations/{organizationId}/jobs', {
              params: { path: { organizationId }, query: { limit: 50 } },
            }),
          ),
  });

export const jobQuery = (organizationId: string, jobId: string) =>
  queryOptions({
    queryKey: [organizationId, 'jobs', jobId],
    refetchInterval: ({ state }) => (state.data?.status === 'done' ? false : 2_000),
    queryFn: () =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/jobs/{jobId}', { params: { path: { organizationId, jobId } } }),
      ),
  });

/** Dead letters of the outbox, newest first; those that were replayed too where asked for. */
export const deadLettersQuery = (replayed: boolean) =>
  queryOptions({
    queryKey: ['dead-letters', replayed],
    refetchInterval: 10_000,
    queryFn: () =>
      unwrap(api.GET('/v1/dead-letters', { params: { query: { limit: 100, replayed: replayed ? 'true' : 'false' } } })),
  });

export const deadLetterQuery = (deadLetterId: string) =>
  queryOptions({
    queryKey: ['dead-letters', 'one', deadLetterId],
    queryFn: () => unwrap(api.GET('/v1/dead-letters/{deadLetterId}', { params: { path: { deadLetterId } } })),
  });

export const backendKeysQuery = () =>
  queryOptions({
    queryKey: ['api-keys'],
    queryFn: () => unwrap(api.GET('/v1/api-keys', { params: { query: { limit: 100 } } })),
  });

/** Sessions of an organization; of the operator where none is given. */
export const sessionsQuery = (organizationId: string | null) =>
  queryOptions({
    queryKey: [organizationId, 'sessions'],
    queryFn: () =>
      organizationId === null
        ? unwrap(api.GET('/v1/sessions'))
        : unwrap(api.GET('/v1/organizations/{organizationId}/sessions', inOrganization(organizationId))),
  });

/** What was changed, newest first, of an organization; of all where none is given. */
export const auditQuery = (organizationId: string | null) =>
  infiniteQueryOptions({
    queryKey: [organizationId, 'audit-log'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => {
      const query = { limit: 100, ...(pageParam !== undefined && { cursor: pageParam }) };
      return organizationId === null
        ? unwrap(api.GET('/v1/audit-log', { params: { query } }))
        : unwrap(
            api.GET('/v1/organizations/{organizationId}/audit-log', { params: { path: { organizationId }, query } }),
          );
    },
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
  });

export const systemQuery = () =>
  queryOptions({ queryKey: ['system'], refetchInterval: 5_000, queryFn: () => unwrap(api.GET('/v1/system')) });
