import type { Wake } from '../domain/wake.ts';
import { positionColumns } from './page.ts';

/** The workflow that works delivery `d`. */
export const workflowOf = 'coalesce(d.workflow_id, d.subject)';

/** Whether delivery `d` is the first of its lane: all before it, of the same workflow, is settled. */
export const isFirst = `not exists (
  select from deliveries o
   where o.subject = d.subject and o.endpoint_id = d.endpoint_id and o.sequence < d.sequence
     and o.workflow_id is not distinct from d.workflow_id and o.status not in ('delivered', 'abandoned'))`;

/** A delivery, as walks over the lanes of an endpoint read it. */
export interface LaneRow {
  id: string;
  workflow_id: string;
  position_at: string;
  position_id: string;
}
export const laneColumns = `d.id, ${workflowOf} as workflow_id, ${positionColumns('d.created_at', 'd.id')}`;

/** The lanes of deliveries of one endpoint, each once. */
export const lanesOf = (endpointId: string, rows: readonly Pick<LaneRow, 'workflow_id'>[]): Wake[] =>
  [...new Set(rows.map((row) => row.workflow_id))].map((workflowId) => ({ workflowId, endpointId }));
