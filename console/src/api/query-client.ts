import { QueryClient } from '@tanstack/react-query';
import { ApiProblem } from './client.ts';

/** What was refused for good is not asked for again; what could not be answered is, twice. */
const isWorthRetrying = (failures: number, error: unknown): boolean =>
  failures < 2 &&
  (!(error instanceof ApiProblem) || error.status === null || error.status === 429 || error.status >= 500);

export const queryClient = new QueryClient({
  defaultOptions: {
    // Without a connection a query fails, and what is pressed fails too: it is not kept and sent later.
    queries: {
      networkMode: 'always',
      retry: isWorthRetrying,
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      refetchOnReconnect: true,
    },
    mutations: { networkMode: 'always', retry: false },
  },
});
