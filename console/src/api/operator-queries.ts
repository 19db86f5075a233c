import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, inOrganization, unwrap } from './client.ts';

/** The newest organizations whose name holds `search` or whose id begins with it; empty: of all. */
export const organizationSearchQuery = (search: string) =>
  queryOptions({
    queryKey: ['organizations', 'search', search],
    placeholderData: keepPreviousData,
    queryFn: () =>
      unwrap(api.GET('/v1/organizations', { params: { query: { limit: 100, ...(search !== '' && { search }) } } })),
  });

/** Pages of organizations, newest first. */
export const organizationsQuery = () =>
  infiniteQueryOptions({
    queryKey: ['organizations'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/v1/organizations', {
          params: { query: { limit: 100, ...(pageParam !== undefined && { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
  });

/** Pages of the recoveries of all organizations, newest first. */
export const jobsQuery = () =>
  infiniteQueryOptions({
    queryKey: [null, 'jobs'],
    refetchInterval: 10_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/v1/jobs', {
          params: { query: { limit: 50, ...(pageParam !== undefined && { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
  });

/** The newest recoveries of an endpoint; one that runs is the first. */
export const endpointJobsQuery = (organizationId: string, endpointId: string) =>
  queryOptions({
    queryKey: [organizationId, 'jobs', 'endpoint', endpointId],
    refetchInterval: 10_000,
    queryFn: () =>
      unwrap(
        api.GET('/v1/organizations/{organizationId}/jobs', {
          params: { path: { organizationId }, query: { endpoint_id: endpointId, limit: 5 } },
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

const deadLetterPage = (replayed: boolean, cursor?: string) =>
  unwrap(
    api.GET('/v1/dead-letters', {
      params: {
        query: { limit: 100, replayed: replayed ? 'true' : 'false', ...(cursor !== undefined && { cursor }) },
      },
    }),
  );

/** The newest dead letters of the outbox; those that were replayed too where asked for. */
export const deadLettersQuery = (replayed: boolean) =>
  queryOptions({
    queryKey: ['dead-letters', replayed],
    refetchInterval: 10_000,
    queryFn: () => deadLetterPage(replayed),
  });

/** The same in pages. */
export const deadLetterPagesQuery = (replayed: boolean) =>
  infiniteQueryOptions({
    queryKey: ['dead-letters', 'pages', replayed],
    refetchInterval: 10_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => deadLetterPage(replayed, pageParam),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
  });

/** Lanes that no workflow works. */
export const orphansQuery = () =>
  queryOptions({ queryKey: ['orphans'], refetchInterval: 15_000, queryFn: () => unwrap(api.GET('/v1/orphans')) });

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
