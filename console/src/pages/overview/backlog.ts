import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../api/client.ts';
import { systemQuery } from '../../api/operator-queries.ts';
import { healthOfAllQuery } from '../../api/queries.ts';

export const unsettledStatuses = ['pending', 'delivering', 'retrying', 'held'] as const;

/** Deliveries that are not settled now, whenever they were created. */
export interface Backlog {
  byStatus: Record<(typeof unsettledStatuses)[number], number>;
  /** False: counting stopped somewhere, so there may be more. */
  isComplete: boolean;
}

/** Counts of more are not complete (src/db/backlog.ts). */
const mostOfAll = 100_000;

/** Of an organization, over its endpoints. */
export function useBacklogOf(organizationId: string): Backlog | undefined {
  const { data } = useQuery(healthOfAllQuery(organizationId));
  return data && sumOf(data.data);
}

/** Of all organizations. */
export function useBacklogOfAll(): Backlog | undefined {
  const { data } = useQuery(systemQuery());
  const unsettled = data?.unsettled;
  if (unsettled === undefined || unsettled === null) return undefined;
  const byStatus = countsOf((status) => unsettled[status] ?? 0);
  return { byStatus, isComplete: totalOf(byStatus) < mostOfAll };
}

const sumOf = (healths: Schemas['EndpointHealth'][]): Backlog => ({
  byStatus: countsOf((status) => healths.reduce((sum, { unsettled }) => sum + unsettled[status], 0)),
  isComplete: healths.every(({ unsettled, counted_to }) =>
    unsettledStatuses.every((one) => unsettled[one] < counted_to),
  ),
});

const countsOf = (count: (status: (typeof unsettledStatuses)[number]) => number): Backlog['byStatus'] => ({
  pending: count('pending'),
  delivering: count('delivering'),
  retrying: count('retrying'),
  held: count('held'),
});

export const totalOf = (byStatus: Backlog['byStatus']): number =>
  Object.values(byStatus).reduce((sum, count) => sum + count, 0);
