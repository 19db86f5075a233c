import { queryOptions } from '@tanstack/react-query';
import { api, unwrap } from './client.ts';
import { liveMs } from './delivery-queries.ts';

// What is read of an organization. Every key begins with its id, so that one call forgets all that was read of it.

type PageOf<Row> = { data: Row[]; next_cursor: string | null };

/** The rows of all pages of a list. */
async function everyPage<Row>(
  page: (query: { limit: number; cursor?: string }) => Promise<PageOf<Row>>,
): Promise<{ data: Row[] }> {
  const data: Row[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const answer: PageOf<Row> = await page({ limit: 100, ...(cursor !== undefined && { cursor }) });
    data.push(...answer.data);
    cursor = answer.next_cursor;
  }
  return { data };
}

export const organizationQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [organizationId, 'organization'],
    queryFn: () => unwrap(api.GET('/v1/organizations/{organizationId}', { params: { path: { organizationId } } })),
  });

/** All of them, page after page: `MAX_ENDPOINTS` may be more than a page holds. */
export const endpointsQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [organizationId, 'endpoints'],
    queryFn: () =>
      everyPage((query) =>
        unwrap(
          api.GET('/v1/organizations/{organizationId}/endpoints', { params: { path: { organizationId }, query } }),
        ),
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

export const healthOfAllQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [organizationId, 'endpoint-health'],
    refetchInterval: 10_000,
    queryFn: () =>
      everyPage((query) =>
        unwrap(
          api.GET('/v1/organizations/{organizationId}/endpoint-health', {
            params: { path: { organizationId }, query },
          }),
        ),
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
