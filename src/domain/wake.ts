/** A workflow whose lane at an endpoint is to ask again. */
export interface Wake {
  workflowId: string;
  endpointId: string;
}

/** What starts a workflow that works lanes, by its id. */
export type LaneRun =
  | { type: 'lead'; args: { organizationId: string; leadId: string } }
  | { type: 'widget'; args: { widgetId: string } }
  | { type: 'recovery'; args: { endpointId: string; jobId: string; subject: string } };

/** How the workflow with this id (see `ids.ts`) is started; null where it is none that works lanes. */
export function laneRunOf(workflowId: string): LaneRun | null {
  const [kind, first = '', second = '', ...rest] = workflowId.split('/');
  if (kind === 'lead') return { type: 'lead', args: { organizationId: first, leadId: second } };
  if (kind === 'widget') return { type: 'widget', args: { widgetId: first } };
  if (kind === 'recovery' && rest.length > 0)
    return { type: 'recovery', args: { endpointId: first, jobId: second, subject: rest.join('/') } };
  return null;
}
