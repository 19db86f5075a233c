import { queryOptions } from '@tanstack/react-query';
import { ApiProblem, api, type Schemas, unwrap } from '../api/client.ts';

export type Caller = Schemas['Caller'];

/** The signed-in caller; null before a sign-in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 60_000,
  queryFn: async (): Promise<Caller | null> => {
    try {
      return await unwrap(api.GET('/v1/session'));
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }
  },
});

export const isOperator = (caller: Caller): boolean => caller.role === 'operator';
export const isReadOnly = (caller: Caller): boolean => caller.session?.read_only === true;
